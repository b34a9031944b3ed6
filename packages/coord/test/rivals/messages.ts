/** What rivals do, each in a process of its own. */
export type Work = "lock" | "leadership" | "counter" | "queue" | "cache";

export interface RivalOrders {
  readonly work: Work;
  readonly name: string;
  readonly connectString: string;
  readonly path: string;
  readonly sessionTimeoutMs: number;
}

export type FromRival =
  | { readonly kind: "ready" }
  /** It holds the lock or leads, and writes. It writes again when it is told to, without looking whether it still does. */
  | { readonly kind: "held"; readonly token: bigint }
  | { readonly kind: "write"; readonly token: bigint }
  /** A write in one transaction with the test that it holds: where in the order of all writes it stands. */
  | { readonly kind: "guarded"; readonly token: bigint; readonly mzxid: bigint }
  | { readonly kind: "guardRefused"; readonly token: bigint }
  /** It began to add, or to put this item. */
  | { readonly kind: "begin"; readonly item: string }
  | { readonly kind: "done"; readonly item: string }
  | { readonly kind: "unknown"; readonly item: string }
  | { readonly kind: "took"; readonly item: string }
  | { readonly kind: "nodes"; readonly nodes: ReadonlyMap<string, bigint> }
  | { readonly kind: "stopped" };

export type ToRival =
  | { readonly kind: "go" }
  /** End what is under way and say `stopped`. */
  | { readonly kind: "stop" }
  | { readonly kind: "tellNodes" };
