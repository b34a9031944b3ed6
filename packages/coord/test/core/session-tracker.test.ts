import { expect, test } from "vitest";
import { SessionTracker } from "../../src/core/session-tracker.ts";
import type { SessionReport } from "../../src/ports/replication.ts";

/** What the other server reports. */
function told(...sessionIds: readonly bigint[]): SessionReport {
  return { serverId: other, life: 7n, sessionIds };
}

/** The leader, and another server. */
const [own, other] = [1, 2];
const options = { tickMs: 100, serverId: own, unconfirmedMsMax: 500 };

function at(timeoutMs: number, serverId: number = own): { readonly timeoutMs: number; readonly serverId: number } {
  return { timeoutMs, serverId };
}

test("a silent session ends between its timeout and one tick later", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250), 30);
  for (const nowMs of [100, 200, 280]) expect(tracker.expire(nowMs)).toEqual([]);
  expect(tracker.expire(300)).toEqual([1n]);
  expect(tracker.count).toBe(0);
});

test("whatever is heard of a session gives it its full timeout again", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250), 0);
  tracker.expire(200);
  tracker.touch(1n, 240);
  for (const nowMs of [300, 400]) expect(tracker.expire(nowMs)).toEqual([]);
  expect(tracker.expire(500)).toEqual([1n]);
});

test("an event loop that was blocked expires nobody, and what comes then counts", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250), 0);
  tracker.track(2n, at(250), 0);
  expect(tracker.expire(5000)).toEqual([]);
  tracker.touch(1n, 5060);
  expect(tracker.expire(5100)).toEqual([]);
  expect(tracker.expire(5200)).toEqual([]);
  expect(tracker.expire(5300)).toEqual([2n]);
  expect(tracker.expire(5400)).toEqual([1n]);
});

test("a session that is taken up with a shorter timeout ends by the shorter one", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(1000), 0);
  tracker.track(1n, at(100), 0);
  expect(tracker.expire(200)).toEqual([1n]);
});

test("a forgotten or unknown session never expires", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(100), 0);
  tracker.forget(1n);
  tracker.touch(1n, 50);
  tracker.forget(9n);
  expect(tracker.expire(200)).toEqual([]);
});

test("a session of another server ends when that server has told twice since that it did not hear of it", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250, other), 0);
  for (const nowMs of [100, 200]) tracker.expire(nowMs);
  expect(tracker.reported(told(), 240)).toEqual([]);
  expect(tracker.expire(300)).toEqual([]);
  // This one may have been sent at 240, when the session was not silent for so long.
  expect(tracker.reported(told(), 310)).toEqual([]);
  expect(tracker.reported(told(), 320)).toEqual([1n]);
});

test("what another server tells late keeps a session that is overdue", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250, other), 0);
  for (const nowMs of [100, 200, 300]) tracker.expire(nowMs);
  expect(tracker.reported(told(1n), 310)).toEqual([]);
  expect(tracker.reported(told(), 320)).toEqual([]);
  expect(tracker.expire(400)).toEqual([]);
  expect(tracker.count).toBe(1);
});

test("a session whose server tells nothing ends when that server must have stopped answering", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250, other), 0);
  tracker.reported(told(1n), 100);
  for (let nowMs = 200; nowMs < 1350; nowMs += 50) expect(tracker.expire(nowMs)).toEqual([]);
  expect(tracker.expire(1350)).toEqual([1n]);
});

test("what a server tells while the leader stands still says nothing of sessions that are heard of later", () => {
  const tracker = new SessionTracker(options, 0);
  expect(tracker.reported(told(), 4000)).toEqual([]);
  expect(tracker.reported(told(), 4500)).toEqual([]);
  tracker.expire(5000);
  tracker.track(1n, at(250, other), 5010);
  for (const nowMs of [5100, 5200, 5300]) expect(tracker.expire(nowMs)).toEqual([]);
  expect(tracker.count).toBe(1);
});

test("a session that no server has ends by its timeout", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(150, 0), 0);
  expect(tracker.expire(200)).toEqual([1n]);
});

test("a server that was started again has forgotten whom it heard of, so its sessions get their full timeouts again", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250, other), 0);
  tracker.reported(told(), 50);
  for (const nowMs of [100, 200]) tracker.expire(nowMs);
  const reborn = { ...told(), life: 8n };
  for (const nowMs of [210, 220, 290]) expect(tracker.reported(reborn, nowMs)).toEqual([]);
  for (const nowMs of [300, 400]) expect(tracker.expire(nowMs)).toEqual([]);
  expect(tracker.reported(reborn, 470)).toEqual([]);
  tracker.expire(500);
  expect(tracker.reported(reborn, 510)).toEqual([1n]);
});

test("a server that is started again and again does not keep a session of which it hears no more", () => {
  const tracker = new SessionTracker(options, 0);
  tracker.track(1n, at(250, other), 0);
  let life = 7n;
  let over: readonly bigint[] = [];
  for (let nowMs = 50; nowMs <= 700; nowMs += 50) {
    tracker.expire(nowMs);
    over = [...over, ...tracker.reported({ serverId: other, life, sessionIds: [] }, nowMs)];
    // Each life reports three times.
    if (nowMs % 150 === 0) life += 1n;
  }
  expect(over).toEqual([1n]);
});
