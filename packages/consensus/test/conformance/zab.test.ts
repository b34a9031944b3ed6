import { zab } from "../../src/index.ts";
import { describeConformance } from "./conformance.ts";

describeConformance("zab", () => zab({ retainedEntriesMax: 16 }));
