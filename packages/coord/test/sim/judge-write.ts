import { assert } from "@tutti/stdx";
import type { Response } from "../../src/protocol/responses.ts";
import type { ModelOutcome, ModelResult, ModelWrite } from "./tree-model.ts";

/** A reply as it is decoded, without the type that the wire does not tell. */
export type ReplyBody = Response;

/** For comparison and for people. */
export function shown(value: unknown): string {
  if (typeof value === "bigint") return `${value >> 32n}:${value & 0xffff_ffffn}`;
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? String(inner) : inner));
}

interface WriteReply {
  readonly outcome: ModelOutcome;
  readonly body: ReplyBody | undefined;
  readonly err: number;
  readonly at: string;
}

/** What a write is answered, beside its code. */
export function judgeWriteBody(request: ModelWrite, { outcome, body, err, at }: WriteReply): void {
  if (err !== 0) return;
  assert(body !== undefined, `${at}: has a body`);
  if (request.type === "multi") {
    assert("results" in body, `${at}: has results`);
    const results = body.results.map(shownResult).join(" ");
    const expected = expectedResults(request, outcome.results ?? []).join(" ");
    assert(results === expected, `${at}: is ${expected}, not ${results}`);
    return;
  }
  const { path, stat } = outcome;
  if ("path" in body) assert(body.path === path, `${at}: makes ${path}, not ${body.path}`);
  if ("stat" in body) assert(shown(body.stat) === shown(stat), `${at}: gives ${shown(stat)}, not ${shown(body.stat)}`);
}

function shownResult(result: { readonly type: string } & object): string {
  const { type, ...rest } = result;
  return `${type} ${shown(rest)}`;
}

function expectedResults({ ops }: Extract<ModelWrite, { type: "multi" }>, results: readonly ModelResult[]): string[] {
  const isFailed = results.some(({ errs }) => !errs.includes(0));
  return results.map(({ errs, path, stat }, index) => {
    const { type = "check" } = ops[index] ?? {};
    if (isFailed) return `error ${shown({ err: errs[0] })}`;
    if (type === "create") return `create ${shown({ path })}`;
    if (type === "create2") return `create2 ${shown({ path, stat })}`;
    return type === "setData" ? `setData ${shown({ stat })}` : `${type} {}`;
  });
}
