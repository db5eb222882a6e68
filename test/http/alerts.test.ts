import { env } from "cloudflare:workers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { minute } from "../../src/domain/time.ts";
import { closeAlert, openAlert } from "../../src/store/alerts.ts";
import { newSource, operate } from "../kit.ts";
import { anAlert } from "../store/anAlert.ts";
import { visit } from "./form.ts";

const openedAt = Date.parse("2026-05-13T10:05:00Z");
const source = await newSource();
const silence = anAlert({ sourceId: source.id, openedAt });
const refused = anAlert({
  sourceId: source.id,
  kind: "quarantine",
  openedAt: openedAt + minute,
  figures: {
    rate: 0.61,
    usual_rate: 0.012,
    count: 122,
    of: 200,
    usual_count: 48,
    usual_of: 4000,
    since: "2026-05-13T09:00:00Z",
    chance: 0,
  },
});

beforeAll(async () => {
  for (const alert of [silence, refused]) await openAlert(env.DB, alert);
  await closeAlert(env.DB, silence.id, { last_received_at: "2026-05-13T11:38:00Z" }, openedAt + 95 * minute);
});
afterAll(async () => void (await env.DB.prepare("delete from alerts").run()));

const list = async (query: string) => (await operate(`/alerts?source=${source.id}&${query}`)).body;
const idsOf = async (query: string) => (await list(query)).data.map(({ id }: { id: string }) => id);

test("what is open is listed with its figures, and a sentence", async () => {
  expect((await list("")).data).toEqual([
    {
      id: refused.id,
      source: source.name,
      source_id: source.id,
      kind: "quarantine",
      state: "open",
      reason:
        "61 % of what came since 2026-05-13 09:00 UTC went into quarantine (122 of 200); usually it is 1.2 %. Each call is kept with its reason, and can be re-ingested when that is mended.",
      figures: refused.figures,
      opened_at: "2026-05-13T10:06:00Z",
      closed_at: null,
      closed_because: null,
      closing_figures: null,
    },
  ]);
});

test("what is closed says why it was opened, and why closed", async () => {
  expect((await list("state=closed")).data).toMatchObject([
    {
      id: silence.id,
      state: "closed",
      reason:
        "Nothing has come since 2026-05-13 08:00 UTC (2 h 5 min). By the same hours of the last weeks about 42 postbacks should have come. See whether impact.com still calls the URL of this source.",
      closed_at: "2026-05-13T11:40:00Z",
      closed_because: "Calls come again: the last at 2026-05-13 11:38 UTC. The alert was open for 1 h 35 min.",
      closing_figures: { last_received_at: "2026-05-13T11:38:00Z" },
    },
  ]);
});

test.each([
  ["state=all", [refused.id, silence.id]],
  ["state=all&kind=silence", [silence.id]],
  ["state=open&kind=silence", []],
  ["state=all&limit=1", [refused.id]],
])("%s lists those, newest first", async (query, ids) => expect(await idsOf(query)).toEqual(ids));

test("a page goes on where the last one ended", async () => {
  const { next } = await list("state=all&limit=1");
  expect(await idsOf(`state=all&limit=1&cursor=${next}`)).toEqual([silence.id]);
});

test("a source is found by its name as well", async () => {
  const { body } = await operate(`/alerts?state=all&source=${encodeURIComponent(source.name)}`);
  expect(body.data).toHaveLength(2);
});

test.each(["state=broken", "kind=noise", "limit=0"])("%s is refused", async (query) => {
  expect((await operate(`/alerts?${query}`)).status).toBe(422);
});

test("a page leads from each to where it can be looked into", async () => {
  const { text } = await visit(`/alerts?source=${source.id}&state=all`);
  expect(text).toContain(`href="/sources/${source.id}/connect"`);
  expect(text).toContain(`href="/quarantine?source=${encodeURIComponent(source.name).replaceAll("%20", "+")}"`);
});
