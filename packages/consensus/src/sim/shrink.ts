import type { NodeId } from "../core/entry.ts";
import type { SimProtocol } from "./faults.ts";
import type { ScriptedEvent } from "./script.ts";

/** A run that is written down: the seed for what the network and the disks do, and all that was done from outside. */
export interface Scenario {
  readonly level: "A" | "B";
  readonly protocol: SimProtocol;
  readonly seed: number;
  readonly voters: number;
  readonly observers: number;
  readonly durationMs: number;
  /** Who is healed at the end; none where something was wrong before. */
  readonly core: readonly NodeId[];
  readonly events: readonly ScriptedEvent[];
  /** Whether members change, of whom there may be more than those that begin. */
  readonly reconfigures?: boolean;
  /** Name of the mistake that was put in, if one was. */
  readonly plant?: string;
  /** What went wrong. */
  readonly violation?: string;
}

/** Who is healed by a script; undefined where the run that it tells of did not come so far. */
export function healedIn(script: Pick<Scenario, "core"> | undefined): readonly NodeId[] | undefined {
  return script === undefined || script.core.length === 0 ? undefined : script.core;
}

/** How a scenario is shrunk. */
export interface ShrinkOptions {
  /** The violation that this scenario leads to, if any. */
  readonly run: (scenario: Scenario) => Promise<string | undefined>;
  /** Runs before the search ends with what it has. Default 2 000. */
  readonly runsMax?: number;
}

/**
 * Leaves out of a failing scenario whatever is not needed for it to fail in the same way: events by delta debugging (Zeller
 * and Hildebrandt, 2002), then members, then time.
 */
export async function shrink(scenario: Scenario, { run, runsMax = 2000 }: ShrinkOptions): Promise<Scenario> {
  let runs = 0;
  const wanted = kindOf((await run(scenario)) ?? "");
  if (wanted === "") throw new RangeError("the scenario does not fail: there is nothing to shrink");
  const fails = async (candidate: Scenario): Promise<boolean> => {
    runs += 1;
    return runs <= runsMax && kindOf((await run(candidate)) ?? "") === wanted;
  };
  let smallest = scenario;
  const attempt = async (candidate: Scenario): Promise<boolean> => {
    if (!(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  await leaveOutEvents(() => smallest, attempt);
  for (let voters = smallest.voters - 1; voters > 0 && (await attempt(withMembers(smallest, voters, 0))); voters -= 1);
  if (smallest.observers > 0) await attempt(withMembers(smallest, smallest.voters, 0));
  await leaveOutEvents(() => smallest, attempt);
  const lastMs = smallest.events.at(-1)?.atMs ?? 0;
  for (const durationMs of [lastMs + 1, lastMs + 50, lastMs + 500]) {
    if (durationMs < smallest.durationMs && (await attempt({ ...smallest, durationMs: Math.ceil(durationMs) }))) break;
  }
  const violation = await run(smallest);
  return violation === undefined ? smallest : { ...smallest, violation };
}

/** The same rule is broken, whatever the numbers, and by whomever: that follows a semicolon. */
function kindOf(violation: string): string {
  const [rule = ""] = violation.split(";");
  return rule.replaceAll(/\d+/g, "#");
}

function withMembers(scenario: Scenario, voters: number, observers: number): Scenario {
  const isLeft = (id: NodeId): boolean => id <= voters + observers;
  return {
    ...scenario,
    voters,
    observers,
    core: scenario.core.filter(isLeft),
    events: scenario.events.filter(({ node, other = node }) => isLeft(node) && isLeft(other)),
  };
}

async function leaveOutEvents(
  current: () => Scenario,
  attempt: (candidate: Scenario) => Promise<boolean>,
): Promise<void> {
  let parts = 2;
  while (current().events.length > 0) {
    const scenario = current();
    const { events } = scenario;
    const size = Math.ceil(events.length / parts);
    let isSmaller = false;
    for (let start = 0; start < events.length && !isSmaller; start += size) {
      isSmaller = await attempt({ ...scenario, events: [...events.slice(0, start), ...events.slice(start + size)] });
    }
    if (isSmaller) parts = Math.max(2, parts - 1);
    else if (size <= 1) return;
    else parts = Math.min(events.length, parts * 2);
  }
}
