import { paxos } from "../../src/index.ts";
import { describeConformance } from "./conformance.ts";

describeConformance("paxos", () => paxos({ retainedEntriesMax: 16 }));
