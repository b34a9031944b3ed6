import type { Lineage } from "./lineage.ts";
import { ActingRdd } from "./rdd-acting.ts";
import type { RddHost } from "./rdd-base.ts";
import type { Rdd } from "./rdd.ts";

/** Every name of the interface: a method that the classes lack does not compile here. */
type Methods = { readonly [K in keyof Rdd<unknown>]: (...args: never[]) => unknown };

/** The RDD with this lineage. The interface gives the types; the classes behind it work on unknown elements. */
export function createRdd<T>(host: RddHost, lineage: Lineage): Rdd<T> {
  const methods: Methods = new ActingRdd(host, lineage);
  return methods as unknown as Rdd<T>;
}

/** For hosts: handles make new handles through this. */
export function createHandle(host: RddHost, lineage: Lineage): ActingRdd {
  return new ActingRdd(host, lineage);
}
