/** What the file says of TLS for clients. */
export interface SecurePart {
  readonly port: number;
  readonly host: string | undefined;
  /** PEM: certificate and key. */
  readonly keyStore: string;
  readonly keyStorePassword: string | undefined;
  /** PEM: who vouches for clients. */
  readonly trustStore: string | undefined;
  readonly clientAuth: "none" | "want" | "need";
  /** There is no `clientPort`. */
  readonly isOnly: boolean;
}

/** Keys of the file that are about TLS for clients. */
export const secureKeys: ReadonlySet<string> = new Set([
  "secureClientPort",
  "secureClientPortAddress",
  "ssl.keyStore.location",
  "ssl.keyStore.password",
  "ssl.keyStore.type",
  "ssl.trustStore.location",
  "ssl.trustStore.password",
  "ssl.trustStore.type",
  "ssl.clientAuth",
]);

/** Undefined without `secureClientPort`. Adds what is wrong to the problems. */
export function secureOf(
  given: ReadonlyMap<string, string>,
  hasPlain: boolean,
  problems: string[],
): SecurePart | undefined {
  const port = given.get("secureClientPort");
  if (port === undefined) return undefined;
  const keyStore = given.get("ssl.keyStore.location") ?? "";
  const clientAuth = (given.get("ssl.clientAuth") ?? "need").toLowerCase();
  if (keyStore === "") problems.push("secureClientPort needs ssl.keyStore.location, a PEM file of certificate and key");
  if (clientAuth !== "none" && clientAuth !== "want" && clientAuth !== "need") {
    problems.push(`ssl.clientAuth=${clientAuth} is not none, want or need`);
    return undefined;
  }
  return {
    port: Number(port),
    host: given.get("secureClientPortAddress"),
    keyStore,
    keyStorePassword: given.get("ssl.keyStore.password"),
    trustStore: given.get("ssl.trustStore.location"),
    clientAuth,
    isOnly: !hasPlain,
  };
}
