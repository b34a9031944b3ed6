import { Session } from "node:inspector";
import { describe, expect, test } from "vitest";
import type { AnyFunction } from "../../src/core/job.ts";
import { captureClosures, checkClosures } from "../../src/closure/capture.ts";
import { reviveClosures } from "../../src/closure/revive.ts";
import { RuntimeError } from "../../src/runtime-error.ts";
import { double } from "./imported.ts";

function refusalOf(fn: AnyFunction): RuntimeError {
  try {
    captureClosures([fn]);
  } catch (error) {
    if (error instanceof RuntimeError) return error;
    throw error;
  }
  throw new Error("it was not refused");
}

async function journey<F extends AnyFunction>(...functions: F[]): Promise<F[]> {
  return (await reviveClosures(captureClosures(functions).bytes)) as F[];
}

describe("several functions captured in one call", () => {
  test("share what they share", async () => {
    const shared = { n: 0 };
    const [change, read] = await journey<() => number>(
      () => ++shared.n,
      () => shared.n,
    );
    expect([change!(), change!(), read!()]).toEqual([1, 2, 2]);
    expect(shared.n).toBe(0);
  });

  test("stay the same function where they are the same", async () => {
    const same = (): number => 1;
    const [a, b] = await journey(same, same);
    expect(a).toBe(b);
  });

  test("come back in their order", async () => {
    const revived = await journey(
      () => 1,
      () => 2,
      () => 3,
    );
    expect(revived.map((fn) => fn())).toEqual([1, 2, 3]);
  });
});

describe("a snapshot", () => {
  test("holds the values of the moment of capture", async () => {
    const settings = { factor: 2 };
    const { bytes } = captureClosures([() => settings.factor]);
    settings.factor = 3;
    const [read] = await reviveClosures(bytes);
    expect((read as () => number)()).toBe(2);
  });

  test("can be revived again and again, each time anew", async () => {
    const list: number[] = [];
    const { bytes } = captureClosures([() => list.push(1)]);
    const [first] = await reviveClosures(bytes);
    const [second] = await reviveClosures(bytes);
    (first as () => number)();
    expect((second as () => number)()).toBe(1);
  });

  test("survives a list longer than the stack is deep", async () => {
    let list: { next: unknown } = { next: undefined };
    for (let i = 0; i < 50_000; i++) list = { next: list };
    const chain = list;
    const [depth] = await journey(() => {
      let count = 0;
      for (let at: unknown = chain; at !== undefined; at = (at as { next: unknown }).next) count += 1;
      return count;
    });
    expect(depth!()).toBe(50_001);
  });

  test("does not take along what else is in the block that small buffers are cut from", () => {
    const secret = Buffer.from("a secret of somebody else");
    const small = Buffer.from("small");
    // Node.js cuts both from one block, unless the block is full just now.
    expect(Buffer.from(captureClosures([() => small]).bytes).includes(secret)).toBe(false);
  });

  test("names the modules that must be there", () => {
    const { modules } = captureClosures([() => double(1)]);
    const importer = new URL("capture.test.ts", import.meta.url).href;
    expect(modules).toEqual([
      { specifier: expect.stringMatching(/imported\.ts$/) as string, importer, load: "import" },
    ]);
  });
});

describe("a refusal", () => {
  test("names the way to the culprit", () => {
    class Connection {
      readonly pending = { reply: Promise.resolve() };
    }
    const options = { connection: new Connection() };
    const send = (): unknown => options;
    const { code, refusal, message } = refusalOf(send);
    expect(code).toBe("cannot-travel");
    expect(refusal).toEqual({
      reason: "E_UNSERIALIZABLE",
      path: "function send -> options -> .connection -> .pending -> .reply",
    });
    expect(message).toContain("Promise");
  });

  test("names the variable that is assigned, and says what to do instead", () => {
    let total = 0;
    const error = refusalOf(() => {
      total += 1;
    });
    expect(total).toBe(0);
    expect(error.message).toMatch(/^\[cannot-travel\] .*"total".*accumulator/);
  });

  test("names the variable that is not initialised, and keeps the engine's word as its cause", () => {
    const early = (): number => later;
    const error = refusalOf(early);
    const later = 1;
    expect(error.message).toContain('"later"');
    expect(error.cause).toBeInstanceOf(ReferenceError);
    expect(later).toBe(1);
  });

  test("comes from checking as from capturing", () => {
    let n = 0;
    expect(() => checkClosures([() => n++])).toThrow(expect.objectContaining({ code: "cannot-travel" }) as Error);
    expect(() => checkClosures([() => 1])).not.toThrow();
  });

  test("of something that is no function is a wrong argument", () => {
    expect(() => captureClosures([42 as never])).toThrow(
      expect.objectContaining({ code: "invalid-argument" }) as Error,
    );
  });
});

describe("next to a debugger", () => {
  test("capturing raises no exceptions for it to stop at", () => {
    const debug = new Session();
    debug.connect();
    let pauses = 0;
    debug.on("Debugger.paused", () => {
      pauses += 1;
      debug.post("Debugger.resume");
    });
    debug.post("Debugger.enable");
    debug.post("Debugger.setPauseOnExceptions", { state: "all" });
    const gauge = {
      n: 1,
      next() {
        return this.n;
      },
      get now(): number {
        return this.n;
      },
      async later(): Promise<number> {
        return this.n;
      },
    };
    captureClosures([() => gauge, async (n: number) => n, function* () {}]);
    const seenWhileCapturing = pauses;
    try {
      throw new Error("seen by the debugger");
    } catch {
      // It is the pause that counts.
    }
    debug.disconnect();
    expect([seenWhileCapturing, pauses]).toEqual([0, 1]);
  });
});

describe("the optimised code of a revived function", () => {
  test("sees its captures as constants", async () => {
    const k = 3;
    const helper = (x: number): number => x * k;
    const [fn] = await journey((x: number) => helper(x) + k);
    const started = performance.now();
    let sum = 0;
    for (let i = 0; i < 20_000_000; i++) sum += fn!(i & 7);
    const nsPerCall = ((performance.now() - started) * 1e6) / 20_000_000;
    expect(sum).toBe(20_000_000 * 13.5);
    // 0.5 ns where captures are constants, above 10 where they are not; the bound leaves room for a busy machine.
    expect(nsPerCall).toBeLessThan(8);
  });
});
