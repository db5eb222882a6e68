import fs from "node:fs";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readOverview } from "../src/store/overview.ts";

const root = path.join(import.meta.dirname, "..");
let miniflare: Miniflare;

beforeAll(() => {
  const options = {
    modules: true,
    script: "export default {}",
    d1Databases: ["MIGRATED", "SCHEMA", "LIVE"],
    compatibilityDate: "2026-11-17",
  };
  miniflare = new Miniflare(convertV4MiniflareOptions(options));
});
afterAll(() => miniflare.dispose());

test("the sum of the migrations is schema.sql", async () => {
  const migrations = fs
    .readdirSync(path.join(root, "migrations"))
    .filter((name) => name.endsWith(".sql"))
    .sort();
  await run("MIGRATED", migrations.map((name) => fs.readFileSync(path.join(root, "migrations", name), "utf8")).join("\n"));
  await run("SCHEMA", fs.readFileSync(path.join(root, "schema.sql"), "utf8"));
  expect(await shapeOf("MIGRATED")).toEqual(await shapeOf("SCHEMA"));
});

test("a database of the version before keeps what is in it", async () => {
  const [before, ...later] = fs.readdirSync(path.join(root, "migrations")).sort();
  const textOf = (name = "") => fs.readFileSync(path.join(root, "migrations", name), "utf8");
  await run("LIVE", textOf(before));
  await run(
    "LIVE",
    `insert into destinations (id, name, url, timeout, retry_schedule, sealed, state, created_at, updated_at)
       values ('dst_1', 'ledger', 'https://a.example/', 7, '[1]', 'v1.a.b', 'paused', 1, 2);
     insert into deliveries (event_id, destination_id, next_at, ring_at, created_at, updated_at) values ('evt_1', 'dst_1', 3, 4, 1, 2);
     insert into deliveries (event_id, destination_id, state, next_at, ring_at, created_at, updated_at)
       values ('evt_2', 'dst_1', 'delivered', 3, 4, 1, 2);
     insert into attempts (event_id, destination_id, number, at, delivered, reason, latency_ms) values ('evt_1', 'dst_1', 1, 3, 0, 'no', 5)`,
  );
  for (const name of later) await run("LIVE", textOf(name));
  const db = await miniflare.getD1Database("LIVE");
  const row = async (table: string) => await db.prepare(`select * from ${table}`).first();
  const settings = { id: "dst_1", url: "https://a.example/", timeout: 7, sealed: "v1.a.b", state: "paused", updated_at: 2 };
  expect(await row("destinations")).toMatchObject({ ...settings, method: "POST", preset: "standard-webhooks", version: 1, ordered: 0 });
  expect(await row("deliveries")).toMatchObject({ state: "pending", next_at: 3, action: null, version: null, leased_until: null });
  expect(await row("attempts")).toMatchObject({ number: 1, reason: "no", request_headers: "{}", next_at: null });
  expect((await readOverview(db as unknown as D1Database, 0, 1, 1)).hasDelivery).toBe(true);
});

test("every table is strict", async () => {
  const shape = await shapeOf("SCHEMA");
  const tables = shape.filter(({ type }) => type === "table");
  expect(tables.length).toBeGreaterThan(5);
  expect(tables.filter(({ sql }) => !/\)\s*strict/.test(sql)).map(({ name }) => name)).toEqual([]);
});

async function run(name: string, sql: string) {
  const db = await miniflare.getD1Database(name);
  const statements = sql
    .replace(/--.*$/gm, "")
    .split(";")
    .map((statement) => statement.trim())
    .filter(Boolean);
  await db.batch(statements.map((statement) => db.prepare(statement)));
}

/** Every table, index and view, with its SQL freed of spaces and comments. */
async function shapeOf(name: string): Promise<{ type: string; name: string; sql: string }[]> {
  const db = await miniflare.getD1Database(name);
  const { results } = await db
    .prepare(
      "select type, name, sql from sqlite_schema where sql is not null and name not like 'sqlite_%' and name not like '_cf_%' order by type, name",
    )
    .all<{ type: string; name: string; sql: string }>();
  return results.map((one) => ({ ...one, sql: one.sql.replace(/\s+/g, " ").replace(/ (?=[,)])/g, "") }));
}
