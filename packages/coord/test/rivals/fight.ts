import type { Prng } from "@tutti/stdx";
import type { Target } from "../interop/target.ts";
import type { FromRival } from "./messages.ts";
import { RivalProcess } from "./rival-process.ts";

/** What comes over a holder: the next one holds while this one is dead, stopped, or hears of nobody. */
export type Fate = "spared" | "killed" | "paused" | "cut";
const fates: readonly Fate[] = ["killed", "paused", "cut", "killed", "paused", "cut", "spared"];

export interface FightOptions {
  readonly target: Target;
  readonly work: "lock" | "leadership";
  readonly path: string;
  readonly roundCount: number;
  readonly sessionTimeoutMs: number;
  readonly prng: Prng;
}

export interface FightReport {
  rounds: number;
  readonly fates: Record<Fate, number>;
  /** Writes without a look whether the lock was lost, which the resource judges by their tokens. */
  accepted: number;
  rejected: number;
  /** Writes in one transaction with the test of the lease. */
  guarded: number;
  guardRefused: number;
  readonly violations: string[];
}

const rivalCount = 3;
/** A whole session and an election pass within it, many times over. */
const silenceMsMax = 30_000;

interface Holding {
  readonly rival: RivalProcess;
  readonly fate: Fate;
}

/** Processes fight for one lock until it was held so often; a resource and the service both judge who may write. */
export async function fight(options: FightOptions): Promise<FightReport> {
  const { target, work, path, roundCount, sessionTimeoutMs, prng } = options;
  const report: FightReport = {
    rounds: 0,
    fates: { spared: 0, killed: 0, paused: 0, cut: 0 },
    accepted: 0,
    rejected: 0,
    guarded: 0,
    guardRefused: 0,
    violations: [],
  };
  const over = Promise.withResolvers<void>();
  const holderOf = new Map<bigint, string>();
  const guarded: { readonly token: bigint; readonly mzxid: bigint }[] = [];
  const underWay = new Set<Promise<void>>();
  let highest = 0n;
  let struck: Holding | undefined;
  let isOver = false;
  let silence: NodeJS.Timeout | undefined;
  const stir = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      report.violations.push(`nobody has held ${path} for ${silenceMsMax} ms`);
      over.resolve();
    }, silenceMsMax);
  };

  const strike = (rival: RivalProcess, fate: Fate): void => {
    report.fates[fate] += 1;
    struck = { rival, fate };
    if (fate === "spared") rival.tell({ kind: "go" });
    else if (fate === "paused") {
      rival.setPaused(true);
      // It finds this when it wakes up, and writes.
      rival.tell({ kind: "go" });
    } else if (fate === "cut") rival.proxy.silence(true);
    else {
      if (prng.nextBelow(2) === 0) rival.tell({ kind: "go" });
      const again: Promise<void> = rival
        .kill()
        .then(() => (isOver ? undefined : rival.start()))
        .finally(() => underWay.delete(again));
      underWay.add(again);
    }
  };

  /** Somebody else holds: who was struck comes back and writes. */
  const heal = ({ rival, fate }: Holding): void => {
    if (fate === "paused") rival.setPaused(false);
    if (fate === "cut") {
      rival.tell({ kind: "go" });
      rival.proxy.silence(false);
    }
  };

  const judge = (token: bigint): void => {
    if (token < highest) {
      report.rejected += 1;
      return;
    }
    highest = token;
    report.accepted += 1;
  };
  const onHeld = (rival: RivalProcess, token: bigint): void => {
    stir();
    judge(token);
    const other = holderOf.get(token);
    if (other !== undefined) report.violations.push(`${path}: ${other} and ${rival.name} hold with token ${token}`);
    holderOf.set(token, rival.name);
    report.rounds += 1;
    if (struck !== undefined) heal(struck);
    if (report.rounds >= roundCount) over.resolve();
    strike(rival, fates[prng.nextBelow(fates.length)] as Fate);
  };

  const onMessage = (rival: RivalProcess, message: FromRival): void => {
    if (isOver) return;
    if (message.kind === "held") onHeld(rival, message.token);
    else if (message.kind === "write") judge(message.token);
    else if (message.kind === "guarded") {
      report.guarded += 1;
      guarded.push(message);
    } else if (message.kind === "guardRefused") report.guardRefused += 1;
  };
  const onFailure = (_: RivalProcess, problem: string): void => {
    report.violations.push(problem);
    over.resolve();
  };

  const session = await target.connect();
  await session.createOrSet(`${path}-guarded`, "0");
  await session.close();
  stir();
  const rivals = await Promise.all(
    Array.from({ length: rivalCount }, (_, index) => {
      const orders = { work, name: `${work}-${index}`, path, sessionTimeoutMs };
      return RivalProcess.start({ target, orders, onMessage, onFailure });
    }),
  );
  await over.promise;
  isOver = true;
  clearTimeout(silence);
  await Promise.all(underWay);
  await Promise.all(rivals.map((rival) => rival.close()));
  report.violations.push(...outOfOrder(guarded));
  return report;
}

/** The service's own order of writes: after one of a later holder none of an earlier one. */
function outOfOrder(writes: { readonly token: bigint; readonly mzxid: bigint }[]): readonly string[] {
  const found: string[] = [];
  let highest = 0n;
  for (const { token, mzxid } of writes.toSorted((left, right) => (left.mzxid < right.mzxid ? -1 : 1))) {
    if (token < highest) found.push(`the holder of ${token} has written at ${mzxid}, after that of ${highest}`);
    else highest = token;
  }
  return found;
}
