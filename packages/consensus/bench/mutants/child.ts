import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A process that answers one order after the other, and may be lost to one of them. */
export interface Child<Order, Answer> {
  /** What it says before any order. */
  readonly first: Answer | Loss;
  ask(order: Order): Promise<Answer | Loss>;
  close(): void;
}

/** There is no process for another order: it was ended, or ended by itself. */
export type Loss = "late" | "lost";

/** A run takes a fraction of a second, and most of those that do not end are ended by the limit of hits. */
const answerMsMax = 60_000;

export async function startChild<Order extends object, Answer extends object>({
  script,
  args = [],
  env = {},
}: {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}): Promise<Child<Order, Answer>> {
  const child = fork(script, args, {
    env: { ...process.env, ...env },
    execArgv: ["--conditions=@tutti/source", "--max-old-space-size=768", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  // Where this process is ended a run that does not end must not stay.
  const close = (): void => void child.kill("SIGKILL");
  process.once("exit", close);
  child.once("exit", () => process.off("exit", close));
  const first = await nextAnswer<Answer>(child);
  return {
    first,
    ask: async (order) => {
      if (child.exitCode !== null || child.signalCode !== null) return "lost";
      child.send(order);
      return nextAnswer<Answer>(child);
    },
    close,
  };
}

async function nextAnswer<Answer>(child: ChildProcess): Promise<Answer | Loss> {
  const stop = new AbortController();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, answerMsMax);
  try {
    const { signal } = stop;
    const answered = once(child, "message", { signal }).then(([answer]) => answer as Answer);
    const exited = once(child, "exit", { signal }).then((): Loss => (isLate ? "late" : "lost"));
    return await Promise.race([answered, exited]);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}
