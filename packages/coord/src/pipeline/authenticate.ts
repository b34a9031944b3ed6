import { fixedSuperId, mergeIds } from "../core/identity.ts";
import type { Id } from "../protocol/records.ts";
import type { AuthRequest } from "../protocol/requests.ts";

export interface AuthRules {
  readonly superDigest: string | undefined;
  digestOf(userAndPassword: Uint8Array): string;
}

/** Who a connection is before it has said anything. */
export function initialIds(
  { remoteAddress, subject }: { readonly remoteAddress: string; readonly subject: string | undefined },
  superSubject: string | undefined,
): readonly Id[] {
  const address = { scheme: "ip", id: remoteAddress };
  if (subject === undefined) return [address];
  return [address, { scheme: "x509", id: subject }, ...(subject === superSubject ? [fixedSuperId] : [])];
}

/** The ids of a connection after addauth; undefined when the scheme is unknown or refuses. */
export function authenticate(request: AuthRequest, ids: readonly Id[], rules: AuthRules): readonly Id[] | undefined {
  switch (request.scheme) {
    case "digest": {
      // Empty credentials are credentials; none at all fail in Apache's provider.
      if (request.auth === null) return undefined;
      const digest = rules.digestOf(request.auth);
      const isSuper = rules.superDigest !== undefined && rules.superDigest === digest;
      return mergeIds(ids, [...(isSuper ? [fixedSuperId] : []), { scheme: "digest", id: digest }]);
    }
    case "ip":
      // Every connection has its address already.
      return ids;
    default:
      return undefined;
  }
}
