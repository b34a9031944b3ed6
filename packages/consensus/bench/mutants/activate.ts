import { inject } from "vitest";

declare module "vitest" {
  export interface ProvidedContext {
    /** Empty where none is. */
    activeMutant: string;
  }
}

/** What the instrumented texts read, by Stryker's names. */
interface Switch {
  activeMutant?: string | undefined;
  hitCount?: number;
  hitLimit?: number;
}

/** No file of tests comes to one place so often. */
const hitLimit = 2_000_000;

// The texts keep the object that they found when they were loaded.
const shared = globalThis as { __stryker__?: Switch };
shared.__stryker__ ??= {};
const activeMutant = inject("activeMutant");
Object.assign(shared.__stryker__, {
  activeMutant: activeMutant === "" ? undefined : activeMutant,
  hitCount: 0,
  hitLimit,
});
