/** What a server says next in an authentication: on with it, done and who it is, or no. */
export type SaslStep =
  | { readonly kind: "challenge"; readonly token: Uint8Array }
  | { readonly kind: "done"; readonly token: Uint8Array; readonly user: string }
  | { readonly kind: "failed" };

/** One authentication of one connection. */
export interface SaslExchange {
  next(token: Uint8Array): SaslStep;
}
