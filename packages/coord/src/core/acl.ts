import { permissions } from "../protocol/opcodes.ts";
import type { Acl, Id } from "../protocol/records.ts";
import { cidrMatches, isValidCidr } from "./cidr.ts";

/** Everyone may do everything. */
export const openAcl: readonly Acl[] = [{ perms: permissions.all, scheme: "world", id: "anyone" }];

/** Whether it is that list, however it came about. */
export function isOpen(acl: readonly Acl[]): boolean {
  const [first] = acl;
  return acl.length === 1 && first !== undefined && first.perms === permissions.all && isWorld(first);
}

/** Everyone may read. */
export const readAcl: readonly Acl[] = [{ perms: permissions.read, scheme: "world", id: "anyone" }];

interface Scheme {
  isValid(id: string): boolean;
  matches(own: string, wanted: string): boolean;
  /** Whether an id of this scheme proves who somebody is; an address does not. */
  readonly authenticates: boolean;
}

const equals = (own: string, wanted: string): boolean => own === wanted;

/** Java's `split(":")` drops empty parts at the end, so `user:` is one part. */
function isDigestId(id: string): boolean {
  const parts = id.split(":");
  while (parts.at(-1) === "") parts.pop();
  return parts.length === 2;
}

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ["digest", { isValid: isDigestId, matches: equals, authenticates: true }],
  ["ip", { isValid: isValidCidr, matches: cidrMatches, authenticates: false }],
  ["x509", { isValid: (id: string) => id !== "", matches: equals, authenticates: true }],
  ["sasl", { isValid: (id: string) => id !== "", matches: equals, authenticates: true }],
]);

function isWorld(entry: Acl): boolean {
  return entry.scheme === "world" && entry.id === "anyone";
}

function sameEntry(left: Acl, right: Acl): boolean {
  return left.perms === right.perms && left.scheme === right.scheme && left.id === right.id;
}

/**
 * The list that create and setACL store (`PrepRequestProcessor.fixupACL`): duplicates removed, `auth` expanded to
 * the authenticated ids of the connection. Undefined means that the list is not valid (-114).
 */
export function fixupAcl(acl: readonly Acl[], ids: readonly Id[]): readonly Acl[] | undefined {
  // What nearly all clients send.
  if (isOpen(acl)) return openAcl;
  const unique = acl.filter((entry, index) => acl.findIndex((other) => sameEntry(other, entry)) === index);
  if (unique.length === 0) return undefined;
  const fixed: Acl[] = [];
  for (const entry of unique) {
    if (isWorld(entry)) {
      fixed.push(entry);
    } else if (entry.scheme === "auth") {
      const own = ids.filter((id) => schemes.get(id.scheme)?.authenticates === true);
      if (own.length === 0) return undefined;
      for (const { scheme, id } of own) fixed.push({ perms: entry.perms, scheme, id });
    } else {
      if (schemes.get(entry.scheme)?.isValid(entry.id) !== true) return undefined;
      fixed.push(entry);
    }
  }
  return fixed;
}

/** Whether these ids hold one of the permissions. An empty list lets everyone do everything, as old data needs it. */
export function isAllowed(acl: readonly Acl[], perms: number, ids: readonly Id[]): boolean {
  if (acl.length === 0 || ids.some((id) => id.scheme === "super")) return true;
  return acl.some((entry) => {
    if ((entry.perms & perms) === 0) return false;
    if (isWorld(entry)) return true;
    const scheme = schemes.get(entry.scheme);
    return scheme !== undefined && ids.some((own) => own.scheme === entry.scheme && scheme.matches(own.id, entry.id));
  });
}

/** What getACL shows to a caller without ADMIN: digest ids keep the user and lose the hash. */
export function maskDigests(acl: readonly Acl[]): readonly Acl[] {
  return acl.map((entry) => (entry.scheme === "digest" ? { ...entry, id: `${userOf(entry)}:x` } : entry));
}

/** The part of an id that may be shown: of a digest only the user. */
export function userOf(id: Id): string {
  return id.scheme === "digest" ? (id.id.split(":")[0] ?? "") : id.id;
}
