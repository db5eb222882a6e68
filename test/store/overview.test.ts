import { env } from "cloudflare:workers";
import { afterAll, expect, test } from "vitest";
import { newEventId } from "../../src/domain/id.ts";
import { Problem } from "../../src/domain/problem.ts";
import { hour } from "../../src/domain/time.ts";
import { mostCounted, readOverview } from "../../src/store/overview.ts";
import { saveQuarantined } from "../../src/store/quarantine.ts";
import { aReceipt, newSource } from "../kit.ts";

const db = env.DB;
const longAgo = Date.parse("2024-01-01T00:00:00Z");
const waiting = async () => (await readOverview(db, longAgo, Date.now(), hour)).waiting;

afterAll(
  async () =>
    void (await db
      .prepare("delete from quarantine where received_at < ?")
      .bind(longAgo + hour)
      .run()),
);

test("what waits in quarantine counts however much of it was mended since", async () => {
  await db.prepare("update quarantine set resolved_at = 1 where resolved_at is null").run(); // what other tests left would reach the most
  const { id: sourceId } = await newSource();
  const before = await waiting();
  const receipt = aReceipt({ id: newEventId(longAgo), receivedAt: longAgo });
  await saveQuarantined(db, { receipt, sourceId, problem: new Problem("invalid", "bad") });
  await db
    .prepare(
      `with recursive many (value) as (select 1 union all select value + 1 from many where value <= ${mostCounted})
       insert into quarantine (id, source_id, kind, received_at, code, detail, method, query, headers, ip, body, truncated, resolved_at)
       select ?1 || printf('%05d', value), source_id, kind, received_at, code, detail, method, query, headers, ip, body, truncated, 1
       from quarantine, many where id = ?1`,
    )
    .bind(receipt.id)
    .run();
  expect(await waiting()).toBe(before + 1);
});
