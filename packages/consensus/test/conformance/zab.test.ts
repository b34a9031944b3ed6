import { zab } from "../../src/index.ts";
import { describeConformance } from "./conformance.ts";
import { describeMembership } from "./membership.ts";

describeConformance("zab", () => zab({ retainedEntriesMax: 16 }));
describeMembership("zab", () => zab({ retainedEntriesMax: 16 }));
