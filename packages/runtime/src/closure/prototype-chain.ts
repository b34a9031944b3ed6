import type { AnyFunction } from "../core/job.ts";
import { intrinsicPathOf } from "./intrinsics.ts";
import { ownProperty } from "./properties.ts";

/** The function whose `prototype` an object is, by the object's own word for it. */
export function ownerOf(prototype: object): AnyFunction | undefined {
  const owner: unknown = ownProperty(prototype, "constructor")?.value;
  if (typeof owner !== "function") return undefined;
  return ownProperty(owner, "prototype")?.value === prototype ? (owner as AnyFunction) : undefined;
}

/** An object's classes, innermost first, and what the chain ends in. */
export interface PrototypeChain {
  readonly owners: readonly AnyFunction[];
  /** Name of the language's own class at the end: `Object`, `Map`, ...; `null` for objects without prototype. */
  readonly base: string | null;
  /** Set when a link is neither a class's prototype nor one of the language's. */
  readonly strange: boolean;
}

/** Follows the prototypes of an object up to the first that every realm has. */
export function prototypeChainOf(value: object): PrototypeChain {
  const owners: AnyFunction[] = [];
  for (let at = Object.getPrototypeOf(value) as object | null; ; at = Object.getPrototypeOf(at) as object | null) {
    if (at === null) return { owners, base: null, strange: false };
    const intrinsic = intrinsicPathOf(at);
    if (intrinsic !== undefined) {
      return { owners, base: intrinsic.path.slice(0, -1).join("."), strange: intrinsic.path.at(-1) !== "prototype" };
    }
    const owner = ownerOf(at);
    if (owner === undefined) return { owners, base: "", strange: true };
    owners.push(owner);
  }
}
