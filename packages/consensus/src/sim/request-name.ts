import { type Entry, type NodeId, type ProposalRequest, requestKey, unnamedClient } from "../core/entry.ts";
import { formatZxid } from "../core/zxid.ts";

/** Who submitted a request without a name, and as its how-many-th: what the payload of a simulated one says. */
export interface Submission {
  readonly node: NodeId;
  /** The life of the replica in which it was submitted. */
  readonly life: number;
  readonly sequence: number;
}

export function encodeSubmission({ node, life, sequence }: Submission): Uint8Array {
  return new Uint8Array(new Uint32Array([node, life, sequence]).buffer);
}

/** Undefined for requests that have a name. */
export function submissionOf(request: ProposalRequest | Entry): Submission | undefined {
  if (request.client !== unnamedClient || isConfiguration(request)) return undefined;
  const [node = 0, life = 0, sequence = 0] = new Uint32Array(request.payload.slice().buffer);
  return { node, life, sequence };
}

function isConfiguration(request: ProposalRequest | Entry): request is Entry {
  return "kind" in request && request.kind === "config";
}

/** Names any simulated request within a run, and what is nobody's request. */
export function nameOf(request: ProposalRequest | Entry): string {
  if (isConfiguration(request) && request.client === unnamedClient) {
    return `members ${request.configuration?.voters.join()} alone from ${formatZxid(request.zxid)}`;
  }
  if ("kind" in request && request.kind === "noop") return `noop ${request.sequence}`;
  const submission = submissionOf(request);
  if (submission === undefined) return requestKey(request);
  return `submitted by ${submission.node}.${submission.life}/${submission.sequence}`;
}
