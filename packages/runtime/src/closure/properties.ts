import {
  accessorFlag,
  configurableFlag,
  enumerableFlag,
  ordinaryFlags,
  writableFlag,
  type Lock,
  type Property,
  type Slot,
} from "./graph.ts";

/** Finds the value that a slot stands for. */
export type ValueOf = (slot: Slot) => unknown;

/** Defines properties with their descriptors. Defines rather than assigns: an inherited setter must not run. */
export function defineProperties(target: object, properties: readonly Property[], valueOf: ValueOf): void {
  for (const [key, slot, flags = ordinaryFlags, setter] of properties) {
    const name = typeof key === "string" ? key : (valueOf(key) as symbol);
    const shared = { enumerable: (flags & enumerableFlag) !== 0, configurable: (flags & configurableFlag) !== 0 };
    const value = valueOf(slot);
    if ((flags & accessorFlag) === 0) {
      Object.defineProperty(target, name, { ...shared, value, writable: (flags & writableFlag) !== 0 });
    } else {
      Object.defineProperty(target, name, {
        ...shared,
        get: value,
        set: valueOf(setter),
      } as PropertyDescriptor);
    }
  }
}

/** A property descriptor whose functions are values like any other. */
export interface OwnProperty {
  readonly value?: unknown;
  readonly get?: unknown;
  readonly set?: unknown;
  readonly writable?: boolean;
  readonly enumerable?: boolean;
  readonly configurable?: boolean;
}

/** The own property of an object, without running a getter. */
export function ownProperty(target: object, key: PropertyKey): OwnProperty | undefined {
  return Object.getOwnPropertyDescriptor(target, key);
}

/** What keeps an object from being changed. */
export function lockOf(value: object): { readonly lock?: Lock } {
  if (Object.isExtensible(value)) return {};
  if (Object.isFrozen(value)) return { lock: "frozen" };
  return { lock: Object.isSealed(value) ? "sealed" : "closed" };
}

/** Puts the lock back, after everything else. */
export function applyLock(target: object, lock: Lock | undefined): void {
  if (lock === "frozen") Object.freeze(target);
  else if (lock === "sealed") Object.seal(target);
  else if (lock === "closed") Object.preventExtensions(target);
}
