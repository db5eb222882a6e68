import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { type Batching, Together } from "../../src/store/together.ts";

const db = env.DB;
const limitMs = 200;

/** A database that counts its batches, and lets each go when told (or at once). */
function gated({ isOpen = true }: { isOpen?: boolean } = {}) {
  const batches: number[] = [];
  const gates: (() => void)[] = [];
  const gate = { isOpen };
  const doubled = {
    prepare: (sql: string) => db.prepare(sql),
    batch: async (statements: D1PreparedStatement[]) => {
      batches.push(statements.length);
      if (!gate.isOpen) await new Promise<void>((open) => gates.push(open));
      return await db.batch(statements);
    },
  } as unknown as Batching;
  const open = ({ once = false } = {}) => {
    gate.isOpen = !once;
    for (const go of gates.splice(0)) go();
  };
  return { db: doubled, batches, open };
}

const saying = (...words: unknown[]) => words.map((word) => db.prepare("select ? as word").bind(word));
const wordsOf = (results: D1Result<any>[]) => results.flatMap(({ results: rows }) => rows.map(({ word }) => word));

test("what comes alone goes at once, by itself", async () => {
  const { db: counted, batches } = gated();
  const together = new Together(counted, Date.now, limitMs);
  for (const word of ["a", "b"]) expect(wordsOf(await together.batch(saying(word)))).toEqual([word]);
  expect(batches).toEqual([1, 1]);
});

test("what comes while another is on its way goes together in the next, and each has its own results", async () => {
  const { db: counted, batches, open } = gated({ isOpen: false });
  const together = new Together(counted, Date.now, limitMs);
  const asked = [saying("a"), saying("b", "c"), saying(), saying("d")].map((statements) => together.batch(statements));
  open();
  expect((await Promise.all(asked)).map(wordsOf)).toEqual([["a"], ["b", "c"], [], ["d"]]);
  expect(batches).toEqual([1, 3]);
});

test("no more than 48 statements go together, and none is forgotten", async () => {
  const { db: counted, batches, open } = gated({ isOpen: false });
  const together = new Together(counted, Date.now, 5000);
  const asked = Array.from({ length: 60 }, (_, nth) => together.batch(saying(nth, `${nth}b`)));
  open();
  expect((await Promise.all(asked)).map(wordsOf)).toEqual(asked.map((_, nth) => [nth, `${nth}b`]));
  expect(batches).toEqual([2, 48, 48, 22]);
});

test("one whose statement fails costs the others nothing", async () => {
  const { db: counted, batches, open } = gated({ isOpen: false });
  const together = new Together(counted, Date.now, limitMs);
  const bad = [...saying("bad"), db.prepare("insert into events (id) values ('x')")];
  const asked = [saying("a"), saying("b"), bad, saying("c")].map((statements) => together.batch(statements).then(wordsOf));
  open();
  const [a, b, refused, c] = await Promise.allSettled(asked);
  expect([a, b, c].map((one) => one?.status === "fulfilled" && one.value)).toEqual([["a"], ["b"], ["c"]]);
  expect(refused).toMatchObject({ status: "rejected", reason: { message: expect.stringContaining("SQLITE_CONSTRAINT") } });
  expect(batches).toEqual([1, 4, 1, 2, 1]);
});

test("all of them hear when D1 is away, and the next begins anew", async () => {
  let isAway = false;
  const flaky = {
    batch: async (statements: D1PreparedStatement[]) => {
      await scheduler.wait(5);
      if (isAway) throw new Error("D1_ERROR: Network connection lost.");
      return await db.batch(statements);
    },
  } as unknown as Batching;
  const together = new Together(flaky, Date.now, limitMs);
  const first = together.batch(saying("a"));
  const others = ["b", "c"].map((word) => together.batch(saying(word)));
  isAway = true;
  const fates = await Promise.allSettled([first, ...others]);
  expect(fates.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  isAway = false;
  expect(wordsOf(await together.batch(saying("d")))).toEqual(["d"]);
});

test("nobody waits longer than the limit for a batch that hangs: each then goes alone, and others lead", async () => {
  const { db: counted, batches, open } = gated({ isOpen: false });
  const together = new Together(counted, Date.now, limitMs);
  const asked = [together.batch(saying("a")), together.batch(saying("b", "c"))];
  await scheduler.wait(limitMs + 50);
  expect(batches).toEqual([1, 2]);
  asked.push(together.batch(saying("d")));
  open();
  expect((await Promise.all(asked)).map(wordsOf)).toEqual([["a"], ["b", "c"], ["d"]]);
  expect(batches).toEqual([1, 2, 1]);
});

test("a batch that hangs holds up nobody when the clock is put back", async () => {
  let now = 1_000_000;
  const { db: counted, batches, open } = gated({ isOpen: false });
  const together = new Together(counted, () => now, limitMs);
  const hanging = together.batch(saying("a"));
  now -= 3_600_000;
  const next = together.batch(saying("b"));
  expect(batches).toEqual([1, 1]);
  open();
  expect((await Promise.all([hanging, next])).map(wordsOf)).toEqual([["a"], ["b"]]);
});

test("what is on its way by another is waited for, and not done twice", async () => {
  const { db: counted, batches, open } = gated({ isOpen: false });
  const together = new Together(counted, Date.now, limitMs);
  const first = together.batch(saying("a"));
  const asked = ["b", "c"].map((word) => together.batch(saying(word)));
  open({ once: true });
  await first;
  await scheduler.wait(limitMs + 50);
  expect(batches).toEqual([1, 2]);
  open();
  expect((await Promise.all(asked)).map(wordsOf)).toEqual([["b"], ["c"]]);
  expect(batches).toEqual([1, 2]);
});

test("what is patient goes with the next, or by itself when there is none in time", async () => {
  const { db: counted, batches } = gated();
  const together = new Together(counted, Date.now, limitMs);
  const asked = [together.batch(saying("a"), 50), together.batch(saying("b"), 50), together.batch(saying("c"))];
  expect((await Promise.all(asked)).map(wordsOf)).toEqual([["a"], ["b"], ["c"]]);
  expect(batches).toEqual([3]);
  expect((await Promise.all([together.batch(saying("d"), 10), together.batch(saying("e"), 30)])).map(wordsOf)).toEqual([["d"], ["e"]]);
  expect(batches).toEqual([3, 2]);
});

test("what is patient is not handed the lead while its patience lasts, and waits for what is on its way when it is over", async () => {
  const { db: counted, batches, open } = gated({ isOpen: false });
  const together = new Together(counted, Date.now, limitMs);
  const first = together.batch(saying("a"));
  const patient = together.batch(saying("b"), 50);
  open({ once: true });
  await first;
  expect(batches).toEqual([1]);
  const second = together.batch(saying("c"));
  expect(batches).toEqual([1, 2]);
  const late = together.batch(saying("d"), 5);
  await scheduler.wait(60);
  expect(batches).toEqual([1, 2]);
  open();
  expect((await Promise.all([patient, second, late])).map(wordsOf)).toEqual([["b"], ["c"], ["d"]]);
  expect(batches).toEqual([1, 2, 1]);
});

test("a part is one transaction with all the others", async () => {
  const { db: counted, open } = gated({ isOpen: false });
  const together = new Together(counted, Date.now, limitMs);
  const id = crypto.randomUUID();
  const insert = db.prepare("insert into access_tokens (destination_id, sealed, expires_at) values (?, 'x', 1)").bind(id);
  const asked = [
    together.batch(saying("a")),
    together.batch([insert]),
    together.batch([db.prepare("select count(*) as word from access_tokens where destination_id = ?").bind(id)]),
  ];
  open();
  expect((await Promise.all(asked)).map(wordsOf)).toEqual([["a"], [], [1]]);
});
