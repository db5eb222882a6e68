import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import type { Alert } from "../../src/domain/alert.ts";
import { day } from "../../src/domain/time.ts";
import { closeAlert, listAlerts, listOpenAlerts, openAlert } from "../../src/store/alerts.ts";
import { tellAll } from "../../src/tell.ts";
import { newApp } from "../kit.ts";
import { anAlert } from "./anAlert.ts";

const db = env.DB;
const now = Date.now();
const ended = { last_received_at: "2026-05-13T11:00:00Z", silent_minutes: 0 };

afterAll(async () => void (await db.prepare("delete from alerts").run()));

async function opened(parts: Partial<Alert> = {}): Promise<Alert> {
  const alert = anAlert(parts);
  expect(await openAlert(db, alert)).toBe(true);
  return alert;
}

const find = async ({ sourceId }: Alert) => (await listAlerts(db, { state: "all", source: sourceId, limit: 10 })).alerts;
const findOpen = async ({ id }: Alert) => (await listOpenAlerts(db, now)).find((one) => one.id === id);

test("of many who open the same alert at once, one does", async () => {
  const { sourceId } = anAlert();
  const outcomes = await Promise.all(Array.from({ length: 8 }, () => openAlert(db, anAlert({ sourceId }))));
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  expect(await find(anAlert({ sourceId }))).toHaveLength(1);
});

test("a source may have an open alert of each kind, and the same again once the first is closed", async () => {
  const first = await opened();
  await opened({ sourceId: first.sourceId, kind: "reversals" });
  await closeAlert(db, first.id, ended, now);
  await opened({ sourceId: first.sourceId });
  expect((await find(first)).map(({ kind, closedAt }) => [kind, closedAt !== null])).toEqual([
    ["silence", false],
    ["reversals", false],
    ["silence", true],
  ]);
});

test("an alert comes back as it was, with the figures of its end beside those of its beginning", async () => {
  const alert = await opened();
  expect(await find(alert)).toEqual([alert]);
  await closeAlert(db, alert.id, ended, now);
  expect(await find(alert)).toEqual([{ ...alert, closing: ended, closedAt: now }]);
});

test("what is closed stays as it was closed", async () => {
  const alert = await opened();
  await closeAlert(db, alert.id, ended, now);
  await closeAlert(db, alert.id, {}, now + day);
  expect(await find(alert)).toEqual([{ ...alert, closing: ended, closedAt: now }]);
});

describe("of those that are open", () => {
  test("those are told that there is news of", async () => {
    const [told, untold] = [await opened(), await opened()];
    const news = { type: "operational.alert_opened" as const, about: told.id, fields: { reason: "…" }, once: told.id };
    await tellAll(newApp(), news);
    expect([(await findOpen(told))?.isTold, (await findOpen(untold))?.isTold]).toEqual([true, false]);
  });

  test("those are told that are older than a day: their news may be in the archive", async () => {
    const [old, young] = [await opened({ openedAt: now - day - 1 }), await opened({ openedAt: now - day })];
    expect([(await findOpen(old))?.isTold, (await findOpen(young))?.isTold]).toEqual([true, false]);
  });

  test("those that were closed are none", async () => {
    const alert = await opened();
    await closeAlert(db, alert.id, ended, now);
    expect(await findOpen(alert)).toBeUndefined();
  });
});
