import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { type Archived, archived } from "../../src/store/archived.ts";

test.each(Object.keys(archived) as Archived[])("the archive has every column of %s", async (table) => {
  const { results } = await env.DB.prepare(`select name from pragma_table_info('${table}')`).all<{ name: string }>();
  const columns = results.map(({ name }) => name).filter((name) => name !== "seq");
  expect([...archived[table].names].sort()).toEqual(columns.sort());
});
