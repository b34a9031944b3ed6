import { afterAll, afterEach } from "vitest";
import { connect, type ConnectOptions, type Session, type SessionState } from "../../src/index.ts";
import { type FaultProxy, startFaultProxy } from "../../src/testing/index.ts";
import { closeApache, openTarget, type Target } from "../interop/target.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

afterAll(closeApache);

export function atEnd(close: () => Promise<void> | void): void {
  closers.push(close);
}

/** A server and clients, each behind a link of its own that can be made to fail. */
export class World {
  readonly target: Target;

  constructor(target: Target) {
    this.target = target;
  }

  static async open(): Promise<World> {
    const target = await openTarget();
    closers.push(() => target.close());
    return new World(target);
  }

  async session(options: ConnectOptions = {}): Promise<Session> {
    const session = await this.target.connect(options);
    closers.push(() => session.close());
    return session;
  }

  async link(options: ConnectOptions = {}): Promise<{ readonly session: Session; readonly proxy: FaultProxy }> {
    const proxy = await startFaultProxy(this.target.address);
    closers.push(() => proxy.close());
    const session = await connect(`${proxy.connectString}${this.target.chroot}`, {
      sessionTimeoutMs: 400,
      backoffMs: 5,
      ...options,
    });
    closers.push(() => session.close());
    return { session, proxy };
  }
}

export function reaches(session: Session, wanted: SessionState): Promise<void> {
  return new Promise((resolve) => {
    if (session.state === wanted) resolve();
    session.events.on("state", ({ to }) => {
      if (to === wanted) resolve();
    });
  });
}

export function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });
}

export function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "ok",
    (thrown: unknown) => (thrown as { code?: string }).code ?? String(thrown),
  );
}
