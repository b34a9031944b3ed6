import { expect, test } from "vitest";
import { SessionTracker } from "../../src/core/session-tracker.ts";

test("a silent session ends between its timeout and one tick later", () => {
  const tracker = new SessionTracker(100, 0);
  tracker.track(1n, 250, 30);
  for (const nowMs of [100, 200, 280]) expect(tracker.expire(nowMs)).toEqual([]);
  expect(tracker.expire(300)).toEqual([1n]);
  expect(tracker.count).toBe(0);
});

test("whatever is heard of a session gives it its full timeout again", () => {
  const tracker = new SessionTracker(100, 0);
  tracker.track(1n, 250, 0);
  tracker.expire(200);
  tracker.touch(1n, 240);
  for (const nowMs of [300, 400]) expect(tracker.expire(nowMs)).toEqual([]);
  expect(tracker.expire(500)).toEqual([1n]);
});

test("an event loop that was blocked expires nobody, and what comes then counts", () => {
  const tracker = new SessionTracker(100, 0);
  tracker.track(1n, 250, 0);
  tracker.track(2n, 250, 0);
  expect(tracker.expire(5000)).toEqual([]);
  tracker.touch(1n, 5060);
  expect(tracker.expire(5100)).toEqual([]);
  expect(tracker.expire(5200)).toEqual([]);
  expect(tracker.expire(5300)).toEqual([2n]);
  expect(tracker.expire(5400)).toEqual([1n]);
});

test("a session that is taken up with a shorter timeout ends by the shorter one", () => {
  const tracker = new SessionTracker(100, 0);
  tracker.track(1n, 1000, 0);
  tracker.track(1n, 100, 0);
  expect(tracker.expire(200)).toEqual([1n]);
});

test("a forgotten or unknown session never expires", () => {
  const tracker = new SessionTracker(100, 0);
  tracker.track(1n, 100, 0);
  tracker.forget(1n);
  tracker.touch(1n, 50);
  tracker.forget(9n);
  expect(tracker.expire(200)).toEqual([]);
});
