import { createPrng } from "@tutti/stdx";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ConnectionLife,
  type LifeEffect,
  type LifeInput,
  type LifeOptions,
} from "../../../src/core/client/connection-life.ts";

const timeoutMs = 3000;
const password = Uint8Array.from({ length: 16 }, (_, index) => index);

/** A life under a clock that only the test moves. */
class World {
  readonly life: ConnectionLife;
  nowMs = 0;

  constructor(options: Partial<LifeOptions> = {}) {
    this.life = new ConnectionLife({
      hostCount: 1,
      sessionTimeoutMs: timeoutMs,
      backoffMs: 100,
      backoffMsMax: 400,
      allowReadOnly: false,
      renew: false,
      prng: createPrng(7),
      ...options,
    });
  }

  step(input: LifeInput): string[] {
    return this.life.step(input, this.nowMs).map(shown);
  }

  /** Follows the deadlines up to a moment. */
  until(nowMs: number): string[] {
    const trace: string[] = [];
    for (let due = this.life.deadlineMs; due !== undefined && due <= nowMs; due = this.life.deadlineMs) {
      this.nowMs = Math.max(due, this.nowMs);
      trace.push(...this.step({ kind: "tick" }).map((one) => `${Math.round(this.nowMs)} ${one}`));
    }
    this.nowMs = nowMs;
    return trace;
  }

  welcome(response: Partial<{ timeoutMs: number; sessionId: bigint; readOnly: boolean }> = {}): string[] {
    const opened = this.step({ kind: "opened" });
    const answer = { protocolVersion: 0, timeoutMs, sessionId: 5n, password, ...response };
    return [...opened, ...this.step({ kind: "welcomed", response: answer })];
  }

  connect(): this {
    this.step({ kind: "start" });
    this.welcome();
    return this;
  }
}

function shown(effect: LifeEffect): string {
  switch (effect.kind) {
    case "dial":
    case "probe":
      return `${effect.kind} ${effect.host}`;
    case "greet":
      return `greet ${effect.request.sessionId} zxid ${effect.request.lastZxidSeen}`;
    case "state":
      return effect.state;
    default:
      return effect.kind;
  }
}

describe("the life of a session", () => {
  test("begins with a dial, a greeting and the server's welcome", () => {
    const world = new World();
    expect(world.step({ kind: "start" })).toEqual(["dial 0"]);
    expect(world.welcome()).toEqual(["greet 0 zxid 0", "connected", "resume"]);
    expect(world.life.sessionId).toBe(5n);
  });

  test("pings after a third of the timeout without traffic, and gives the link up after two thirds of silence", () => {
    const world = new World().connect();
    expect(world.until(2999)).toEqual(["1000 ping", "2000 drop", "2000 suspended", "2000 interrupt", "2000 dial 0"]);
  });

  test("is uncertain one timeout after the last proof that the server heard it, and expired a third later", () => {
    const world = new World().connect();
    world.nowMs = 500;
    world.life.answered(500, 400, { zxid: 9n, err: 0 });
    world.step({ kind: "lost" });
    const states = world.until(10_000).filter((one) => /uncertain|expired/.test(one));
    expect(states).toEqual(["3400 uncertain", "4400 expired"]);
    expect(world.life.deadlineMs).toBeUndefined();
    expect(world.step({ kind: "lost" })).toEqual([]);
  });

  test("is not proved by an answer that says that there is no such session, and goes on from its zxid all the same", () => {
    for (const err of [-112, -118]) {
      const world = new World().connect();
      world.nowMs = 500;
      world.life.answered(500, 400, { zxid: 9n, err });
      expect(world.step({ kind: "lost" }).slice(0, 2)).toEqual(["suspended", "interrupt"]);
      expect(world.welcome().at(0)).toBe("greet 5 zxid 9");
      const late = new World().connect();
      late.nowMs = 500;
      late.life.answered(500, 400, { zxid: 9n, err });
      late.step({ kind: "lost" });
      expect(late.until(10_000).find((one) => one.includes("uncertain"))).toBe("3000 uncertain");
    }
  });

  test("goes on at another server with its id and its newest zxid", () => {
    const world = new World({ hostCount: 3 }).connect();
    world.nowMs = 500;
    world.life.answered(500, 400, { zxid: 9n, err: 0 });
    const [suspended, interrupt, dial] = world.step({ kind: "lost" });
    expect([suspended, interrupt]).toEqual(["suspended", "interrupt"]);
    expect(dial).toMatch(/^dial \d$/);
    expect(world.welcome()).toEqual(["greet 5 zxid 9", "connected", "resume"]);
  });

  test("tries every host once before any host twice, then pauses, longer each time", () => {
    const world = new World({ hostCount: 3 });
    const dials = [...world.step({ kind: "start" })];
    for (let count = 1; count < 3; count += 1) dials.push(...world.step({ kind: "lost" }));
    expect(dials.toSorted()).toEqual(["dial 0", "dial 1", "dial 2"]);
    const pauses: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      expect(world.step({ kind: "lost" })).toEqual([]);
      const pauseMs = (world.life.deadlineMs ?? 0) - world.nowMs;
      pauses.push(pauseMs);
      world.until(world.life.deadlineMs ?? 0);
      world.step({ kind: "lost" });
      world.step({ kind: "lost" });
    }
    for (const [index, maxMs] of [100, 200, 400, 400, 400].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(maxMs / 2);
      expect(pauses[index]).toBeLessThanOrEqual(maxMs);
    }
  });

  test("the seed alone decides the order of the hosts", () => {
    const orderOf = (seed: number): string[] => {
      const world = new World({ hostCount: 5, prng: createPrng(seed) });
      return [0, 1, 2, 3, 4].flatMap((index) => world.step({ kind: index === 0 ? "start" : "lost" }));
    };
    expect(orderOf(1)).toEqual(orderOf(1));
    expect(new Set([1, 2, 3, 4, 5].map((seed) => orderOf(seed).join()))).not.toHaveProperty("size", 1);
  });

  test("ends when the server does not know it any more", () => {
    const world = new World().connect();
    world.step({ kind: "lost" });
    world.until(150);
    expect(world.welcome({ timeoutMs: 0, sessionId: 0n })).toEqual(["greet 5 zxid 0", "drop", "expired", "interrupt"]);
  });

  test("begins anew after an expiry when asked, without the zxid that a wiped server could never reach", () => {
    const world = new World({ renew: true }).connect();
    world.nowMs = 500;
    world.life.answered(500, 400, { zxid: 9n, err: 0 });
    world.step({ kind: "lost" });
    expect(world.welcome({ timeoutMs: 0 })).toEqual([
      "greet 5 zxid 9",
      "drop",
      "expired",
      "interrupt",
      "connecting",
      "dial 0",
    ]);
    expect(world.welcome()).toEqual(["greet 0 zxid 0", "connected", "resume"]);
  });

  test("an id that only a read-only server has given is not shown to another", () => {
    const world = new World({ allowReadOnly: true });
    world.step({ kind: "start" });
    expect(world.welcome({ readOnly: true })).toContain("connectedReadOnly");
    world.nowMs = 500;
    world.step({ kind: "lost" });
    expect(world.welcome({ sessionId: 6n })).toEqual(["greet 0 zxid 0", "connected", "resume"]);
  });

  test("a server that greets and hangs up is not dialed in a tight loop", () => {
    const world = new World().connect();
    world.nowMs = 1;
    expect(world.step({ kind: "lost" })).toEqual(["suspended", "interrupt"]);
    expect(world.life.deadlineMs).toBeGreaterThanOrEqual(50);
  });

  test("a late answer takes back that the session is uncertain", () => {
    const world = new World().connect();
    world.nowMs = 2900;
    world.life.heard(2900);
    expect(world.until(3000)).toEqual(["2900 ping", "3000 uncertain"]);
    expect(world.life.answered(3050, 2900, { zxid: 1n, err: 0 }).map(shown)).toEqual(["connected"]);
  });

  test("whatever happens, there is one channel at most, time always moves on, and it is over in the end", () => {
    const happening = fc.oneof(
      fc.constant("opened" as const),
      fc.constant("welcomed" as const),
      fc.constant("unknown" as const),
      fc.constant("lost" as const),
      fc.record({ waitMs: fc.integer({ min: 1, max: 2000 }) }),
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), fc.integer(), fc.boolean(), (script, seed, renew) => {
        const world = new World({ hostCount: 2, prng: createPrng(seed), renew });
        let channelCount = 0;
        const watch = (trace: readonly string[]): void => {
          for (const one of trace) {
            if (/dial/.test(one)) channelCount += 1;
            if (/drop/.test(one)) channelCount = 0;
            expect(channelCount).toBeLessThanOrEqual(1);
          }
        };
        watch(world.step({ kind: "start" }));
        for (const event of script) {
          if (typeof event === "object") watch(world.until(world.nowMs + event.waitMs));
          else if (channelCount === 0) continue;
          else if (event === "lost") {
            channelCount = 0;
            watch(world.step({ kind: "lost" }));
          } else if (event === "opened") watch(world.step({ kind: "opened" }));
          else {
            const sessionId = event === "welcomed" ? 5n : 0n;
            const response = {
              protocolVersion: 0,
              timeoutMs: event === "welcomed" ? timeoutMs : 0,
              sessionId,
              password,
            };
            watch(world.step({ kind: "welcomed", response }));
          }
          const { deadlineMs } = world.life;
          expect(deadlineMs === undefined || Number.isFinite(deadlineMs)).toBe(true);
        }
        watch(world.step({ kind: "end", state: "closed" }));
        expect(channelCount).toBe(0);
        expect(world.life.deadlineMs).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });
});

describe("on a read-only server", () => {
  const readOnly = { allowReadOnly: true, hostCount: 2 };

  test("it asks one host after the other for one that takes writes, ever more rarely, and goes there", () => {
    const world = new World(readOnly);
    const [dial] = world.step({ kind: "start" });
    world.welcome({ readOnly: true });
    const other = dial === "dial 0" ? 1 : 0;
    expect(world.until(100)).toEqual([`100 probe ${other}`]);
    expect(world.step({ kind: "probed", host: other, isWritable: false })).toEqual([]);
    expect(world.until(300)).toEqual([`300 probe ${1 - other}`]);
    world.step({ kind: "probed", host: 1 - other, isWritable: false });
    expect(world.until(700).filter((line) => line.includes("probe"))).toEqual([`700 probe ${other}`]);
    expect(world.step({ kind: "probed", host: other, isWritable: true })).toEqual([
      "drop",
      "suspended",
      "interrupt",
      `dial ${other}`,
    ]);
    expect(world.welcome({ readOnly: false, sessionId: 6n })).toContain("connected");
    expect(world.life.deadlineMs).toBeGreaterThan(world.nowMs);
  });

  test("what it says is no proof that a session of the ensemble lives: locks end in time", () => {
    const world = new World(readOnly).connect();
    world.nowMs = 500;
    world.step({ kind: "lost" });
    world.welcome({ readOnly: true });
    expect(world.life.state).toBe("connectedReadOnly");
    for (let nowMs = 600; nowMs < timeoutMs; nowMs += 200) {
      world.until(nowMs);
      world.life.answered(nowMs, nowMs, { zxid: 1n, err: 0 });
    }
    world.until(timeoutMs);
    world.life.answered(timeoutMs, timeoutMs, { zxid: 1n, err: 0 });
    expect(world.life.state).toBe("uncertain");
    expect(world.life.isConnected).toBe(true);
  });

  test("a session that it gave itself is its own to keep", () => {
    const world = new World(readOnly);
    world.step({ kind: "start" });
    world.welcome({ readOnly: true });
    for (let nowMs = 200; nowMs < 3 * timeoutMs; nowMs += 200) {
      world.until(nowMs);
      world.life.answered(nowMs, nowMs, { zxid: 1n, err: 0 });
    }
    expect(world.life.state).toBe("connectedReadOnly");
  });
});
