import { expect, expectTypeOf, test } from "vitest";
import {
  connect,
  type CoordError,
  json,
  type NodeData,
  type Session,
  text,
  type TransactionCreated,
} from "../../src/index.ts";
import type { Stat } from "../../src/index.ts";

/** Never called: what it holds is checked by the compiler. */
export async function typesOf(session: Session): Promise<void> {
  const transaction = session.transaction().create("/a").set("/a", "1").delete("/b").check("/c").guard({ path: "/d" });
  expectTypeOf(await transaction.commit()).toEqualTypeOf<[TransactionCreated, Stat, undefined, undefined]>();
  expectTypeOf(await session.transaction().commit()).toEqualTypeOf<readonly []>();

  const reads = await session.multiRead([{ get: "/a" }, { children: "/" }]);
  expectTypeOf(reads[0]).toEqualTypeOf<NodeData | CoordError>();
  expectTypeOf(reads[1]).toEqualTypeOf<readonly string[] | CoordError>();

  expectTypeOf(await session.getAs("/a", text)).toEqualTypeOf<string>();
  expectTypeOf(await session.getAs("/a", json<{ port: number }>())).toEqualTypeOf<{ port: number }>();
  expectTypeOf(
    await session.getAs(
      "/a",
      json((value) => Number(value)),
    ),
  ).toEqualTypeOf<number>();

  // @ts-expect-error: a mode that there is not
  await session.create("/a", "", { mode: "temporary" });
  // @ts-expect-error: a number is no data; a codec makes it bytes
  await session.set("/a", 5);
  // @ts-expect-error: an option that there is not
  await connect("host:1", { sessionTimeout: 5 });
  // @ts-expect-error: a TTL node needs its time
  await session.create("/a", "", { mode: { sequential: true } });
}

test("wrong programs do not compile", () => {
  expect(typesOf).toBeTypeOf("function");
});
