import { paxos } from "../../src/index.ts";
import { describeConformance } from "./conformance.ts";
import { describeMembership } from "./membership.ts";

describeConformance("paxos", () => paxos({ retainedEntriesMax: 16 }));
describeMembership("paxos", () => paxos({ retainedEntriesMax: 16 }));
