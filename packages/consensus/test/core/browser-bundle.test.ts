import { runInNewContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { simulate } from "../../src/sim/simulate.ts";

/** What every browser has, and this bundle may need. */
const browserGlobals = { TextEncoder, TextDecoder };

test(
  "the cores of all protocols run in a bundle for browsers, step for step as here",
  { timeout: 20_000 },
  async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `
        import { simulate } from "./simulate.ts";
        globalThis.hashes = ["zab", "paxos", "slot-paxos"].map(
          (protocol) => simulate({ seed: 7, protocol, durationMs: 1000 }).traceHash,
        );
      `,
        resolveDir: new URL("../../src/sim", import.meta.url).pathname,
      },
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
      target: "es2024",
      conditions: ["@tutti/source"],
    });
    const context: typeof browserGlobals & { hashes?: readonly number[] } = { ...browserGlobals };
    runInNewContext(outputFiles[0]?.text ?? "", context);
    const here = (["zab", "paxos", "slot-paxos"] as const).map(
      (protocol) => simulate({ seed: 7, protocol, durationMs: 1000 }).traceHash,
    );
    expect([...(context.hashes ?? [])]).toEqual(here);
  },
);
