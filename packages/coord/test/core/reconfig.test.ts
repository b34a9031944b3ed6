import { expect, test } from "vitest";
import { CoordMachine } from "../../src/core/coord-machine.ts";
import { formatConfig, parseConfig, parseServerSpec } from "../../src/core/ensemble-config.ts";
import type { ApplyResult } from "../../src/core/txn.ts";
import { errorNameOf } from "../../src/protocol/error-codes.ts";
import { createSession } from "./world.ts";

const text = "server.1=a:1:2:participant;0.0.0.0:3\nserver.2=b:1:2:participant\nversion=0";
const superId = { scheme: "super", id: "" };
const observer = "server.9=c:1:2:observer;0.0.0.0:3";

interface Asked {
  readonly joining?: string;
  readonly leaving?: string;
  readonly newMembers?: string;
  readonly curConfigId?: bigint;
}

class Reconfigured {
  readonly machine: CoordMachine;
  #position = 0n;
  /** Who is in step with the leader. */
  inStep: readonly number[] = [1, 2, 3];
  isChanging = false;

  constructor(config = text, reconfigEnabled = true) {
    this.machine = new CoordMachine({ extendedTypesEnabled: true, enforceQuota: false, reconfigEnabled }, config);
    this.#do(createSession(1000), []);
  }

  ask({ joining, leaving, newMembers, curConfigId = -1n }: Asked, ids = [superId]): ApplyResult {
    const members = { joining: joining ?? null, leaving: leaving ?? null, newMembers: newMembers ?? null };
    return this.#do({ type: "reconfig", ...members, curConfigId }, ids);
  }

  #do(op: Parameters<CoordMachine["prepare"]>[0]["op"], ids: readonly { scheme: string; id: string }[]): ApplyResult {
    this.#position += 1n;
    const membership = {
      isChanging: this.isChanging,
      hasQuorumInStep: (voters: readonly number[]) =>
        voters.filter((voter) => this.inStep.includes(voter)).length * 2 > voters.length,
    };
    const moment = { position: this.#position, epoch: 0n, nowMs: 1n, membership };
    const txn = this.machine.prepare({ serverId: 1, sessionId: 7n, xid: 1, ids, op }, moment);
    return this.machine.apply(this.#position, txn);
  }
}

const outcome = (result: ApplyResult): string | undefined => errorNameOf(result.err);

test("an observer joins and leaves; the content of the node is the answer, and its version is the zxid", () => {
  const world = new Reconfigured();
  const joined = world.ask({ joining: observer });
  expect(new TextDecoder().decode(joined.data ?? undefined)).toBe(
    `server.1=a:1:2:participant;0.0.0.0:3\nserver.2=b:1:2:participant\n${observer}\nversion=2`,
  );
  expect(joined.changes.map(({ path }) => path)).toEqual(["/zookeeper/config"]);
  const left = world.ask({ leaving: "9", curConfigId: 2n });
  expect(new TextDecoder().decode(left.data ?? undefined)).not.toContain("server.9");
});

test("67: errors come in ZooKeeper's order, and permission is asked for last", () => {
  const nobody = [{ scheme: "ip", id: "127.0.0.1" }];
  expect(outcome(new Reconfigured(text, false).ask({ joining: observer }))).toBe("reconfigDisabled");
  expect(outcome(new Reconfigured("").ask({ joining: observer }))).toBe("unimplemented");
  const world = new Reconfigured();
  expect(outcome(world.ask({ joining: observer, curConfigId: 99n }, nobody))).toBe("badVersion");
  expect(outcome(world.ask({ joining: "some thing" }, nobody))).toBe("badArguments");
  expect(outcome(world.ask({ joining: "server.9=a:1:2" }, nobody))).toBe("badArguments");
  expect(outcome(world.ask({ joining: observer, newMembers: observer }, nobody))).toBe("badArguments");
  expect(outcome(world.ask({ leaving: "1,2" }, nobody))).toBe("badArguments");
  expect(outcome(world.ask({ joining: observer }, nobody))).toBe("noAuth");
});

test("voters change, unless no quorum of the new ones is in step or another change is under way", () => {
  const world = new Reconfigured();
  world.inStep = [1];
  expect(outcome(world.ask({ joining: "server.3=c:1:2" }))).toBe("newConfigNoQuorum");
  world.inStep = [1, 3];
  world.isChanging = true;
  expect(outcome(world.ask({ joining: "server.3=c:1:2" }))).toBe("reconfigInProgress");
  world.isChanging = false;
  expect(outcome(world.ask({ joining: "server.3=c:1:2" }))).toBe("ok");
  expect(outcome(world.ask({ leaving: "2" }))).toBe("ok");
});

test("a configuration comes back from its text as it was", () => {
  const spec = parseServerSpec(4, "[::1]:1:2:observer;[::]:3");
  expect(spec).toMatchObject({ host: "::1", isObserver: true, clientHost: "::", clientPort: 3 });
  const { servers, version } = parseConfig(text);
  expect(formatConfig(servers, version)).toBe(text);
});
