import { slotPaxos } from "../../src/index.ts";
import { describeConformance } from "./conformance.ts";
import { describeMembership } from "./membership.ts";

describeConformance("slot-paxos", () => slotPaxos({ retainedEntriesMax: 16 }));
describeMembership("slot-paxos", () => slotPaxos({ retainedEntriesMax: 16 }));
