import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { beginDigestMd5 } from "../../src/server/digest-md5.ts";

const md5 = (...parts: (string | Buffer)[]): Buffer => {
  const hash = createHash("md5");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** A client's side, written from RFC 2831 alone. */
function respond(challenge: string, user: string, password: string, change: Record<string, string> = {}): string {
  const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? "";
  const cnonce = "OA6MHXh6VqTrRk";
  const uri = "zookeeper/zk-sasl-md5";
  const a1 = md5(md5(`${user}:zk-sasl-md5:${password}`), `:${nonce}:${cnonce}`).toString("hex");
  const a2 = md5(`AUTHENTICATE:${uri}`).toString("hex");
  const response = md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`).toString("hex");
  const fields: Record<string, string> = {
    username: `"${user}"`,
    realm: '"zk-sasl-md5"',
    nonce: `"${nonce}"`,
    cnonce: `"${cnonce}"`,
    nc: "00000001",
    qop: "auth",
    "digest-uri": `"${uri}"`,
    response,
    ...change,
  };
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
}

function exchange(respondTo: (challenge: string) => string): string {
  const sasl = beginDigestMd5((user) => (user === "jaasuser" ? "secret" : undefined));
  const first = sasl.next(new Uint8Array(0));
  if (first.kind !== "challenge") return first.kind;
  const second = sasl.next(Buffer.from(respondTo(Buffer.from(first.token).toString())));
  return second.kind === "done"
    ? `done ${second.user} ${Buffer.from(second.token).toString().slice(0, 8)}`
    : second.kind;
}

test("a user with the right password is known by name, and gets a proof in return", () => {
  expect(exchange((challenge) => respond(challenge, "jaasuser", "secret"))).toBe("done jaasuser rspauth=");
});

for (const [name, respondTo] of [
  ["a wrong password", (challenge: string) => respond(challenge, "jaasuser", "wrong")],
  ["an unknown user", (challenge: string) => respond(challenge, "nobody", "secret")],
  ["another nonce", (challenge: string) => respond(challenge, "jaasuser", "secret", { nonce: '"x"' })],
  ["a repeated count", (challenge: string) => respond(challenge, "jaasuser", "secret", { nc: "00000002" })],
  ["another host", (challenge: string) => respond(challenge, "jaasuser", "secret", { "digest-uri": '"a/b"' })],
  [
    "somebody else's authority",
    (challenge: string) => respond(challenge, "jaasuser", "secret", { authzid: '"super"' }),
  ],
  ["a name given twice", (challenge: string) => `username="jaasuser",${respond(challenge, "jaasuser", "secret")}`],
  ["what is no answer at all", () => '"""'],
] as const) {
  test(`${name} is refused`, () => {
    expect(exchange(respondTo)).toBe("failed");
  });
}
