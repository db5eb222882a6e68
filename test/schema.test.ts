import fs from "node:fs";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = path.join(import.meta.dirname, "..");
let miniflare: Miniflare;

beforeAll(() => {
  const options = { modules: true, script: "export default {}", d1Databases: ["MIGRATED", "SCHEMA"], compatibilityDate: "2026-11-17" };
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
  return results.map((one) => ({ ...one, sql: one.sql.replace(/\s+/g, " ") }));
}
