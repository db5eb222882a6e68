import { expect, test } from "vitest";
import { call, newSource, operate, origin } from "../kit.ts";
import { asOperator, held, sendRefused } from "./ask.ts";
import { useFarSide } from "./far.ts";
import { harmless, hostile, look, lookThrough, wordsOf } from "./look.ts";

useFarSide();

async function submit(path: string, values: Record<string, string>, from = path) {
  return await call(path, {
    method: "POST",
    redirect: "manual",
    headers: { ...asOperator, accept: "text/html", origin, referer: origin + from, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(values).toString(),
  });
}

test("the list says why, by field, shows hostile values, and leads to re-ingesting what is listed", async () => {
  const source = await newSource();
  const id = await sendRefused(source, { query: new URLSearchParams({ action_id: "1", payout: hostile }).toString() });
  const { text } = await look(`/quarantine?source=${source.id}&code=invalid`);
  expect(text).toContain(`href="/quarantine/${id}"`);
  expect(text).toContain('<code class="line">Payout</code>');
  expect(text).toContain(harmless.slice(0, 30));
  expect(text).not.toContain("<img");
  expect(text).toContain(`href="/quarantine/reingest?source=${source.id}&amp;code=invalid"`);
  expect(wordsOf((await lookThrough(`/quarantine?source=${source.id}&code=undecodable`)).text)).toContain("No call fits");
});

test("one call shows its keys, each with what came and what it is read as, and no secret", async () => {
  const source = await newSource();
  const id = await sendRefused(source, { query: new URLSearchParams({ payout: "much", cid: hostile, token: "s3cr3t" }).toString() });
  const { text } = await look(`/quarantine/${id}`);
  expect(text).toContain(`aria-label="Read cid as" value="" placeholder="kept as it is"`);
  expect(text).toContain(`aria-label="Read payout as" value="" placeholder="Payout"`);
  expect(text).toContain(harmless);
  expect(text).not.toContain("<img");
  expect(text).not.toContain("s3cr3t");
});

test("bytes that are no text are shown in base64 and in hex", async () => {
  const id = await sendRefused(await newSource(), { body: new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x00, 0xff]) });
  const { text } = await look(`/quarantine/${id}`);
  expect(text).toContain("iVBORwD/");
  expect(text).toContain("000000  89 50 4e 47 00 ff");
  expect(text).toContain(".PNG..");
});

test("a preview tells what a mapping makes of a call, keeps what was typed, and stores nothing", async () => {
  const source = await newSource();
  const id = await sendRefused(source, { query: "action_id=1&status=PENDING&payout=5,00&earned=5.00&currency=EUR" });
  const typed = { "key.0": "earned", "macro.0": "Payout" };
  const response = await submit(`/quarantine/${id}/preview`, typed);
  const text = await response.text();
  expect([response.status, wordsOf(text)]).toEqual([200, expect.stringContaining("With this mapping it becomes action.pending.")]);
  expect(text).toContain(`aria-label="Read earned as" value="Payout"`);
  expect(text).toContain(`action="/sources/${source.id}"`);
  expect(await held(source)).toEqual({ events: 0, quarantined: 1 });
  expect((await operate(`/sources/${source.id}`)).body.mapping).toEqual({});
});

test("as JSON, a preview is the event, where it would go, or every mistake", async () => {
  const source = await newSource();
  const id = await sendRefused(source, { query: "action_id=1&payout=5,00&earned=5.00&event_date=soon" });
  const { status, body } = await operate(`/quarantine/${id}/preview`, { mapping: { earned: "Payout" } });
  expect(status).toBe(200);
  expect(body).toMatchObject({ ok: false, code: "invalid", event: null, errors: [{ field: "EventDate" }] });
  const other = await sendRefused(source, { kind: "sales", query: "action_id=1&payout=5.00" });
  expect((await operate(`/quarantine/${other}/preview`, { kind: "action-clearing" })).body).toMatchObject({
    ok: true,
    event: { type: "action.cleared" },
  });
});

test("a macro that is none is named beside its key, and in the part that is read anew", async () => {
  const id = await sendRefused(await newSource(), { query: "payout=much&earned=5.00" });
  const response = await submit(`/quarantine/${id}/preview`, { "key.0": "payout", "macro.0": "", "key.1": "earned", "macro.1": "Payoutt" });
  const text = await response.text();
  expect(response.status).toBe(422);
  expect(text).toMatch(/aria-label="Read earned as" value="Payoutt"[^>]*aria-invalid="true"/);
  expect(wordsOf(text.slice(text.indexOf('id="would"')))).toContain("earned names no macro");
});

test("a mapping is saved from here and leads back here; then the call can be re-ingested, and leads to its event", async () => {
  const source = await newSource();
  const id = await sendRefused(source, { query: "action_id=1&status=PENDING&payout=5,00&earned=5.00" });
  const saved = await submit(
    `/sources/${source.id}`,
    { _method: "PATCH", form: "mapping", "key.0": "earned", "macro.0": "Payout" },
    `/quarantine/${id}/preview`,
  );
  expect([saved.status, saved.headers.get("location")]).toEqual([303, `/quarantine/${id}`]);
  expect(wordsOf((await look(`/quarantine/${id}`)).text)).toContain(
    "With the mapping of its source as it is now it becomes action.pending.",
  );
  const taken = await submit(`/quarantine/${id}/reingest`, {});
  expect([taken.status, taken.headers.get("location")]).toEqual([303, `/events/${id}`]);
  expect((await look(`/quarantine/${id}`)).text).toContain(`<a href="/events/${id}">this event</a>`);
});

test("re-ingesting many says how many wait, how far it has come, and can be come back to", async () => {
  const source = await newSource({ mapping: { earned: "Payout" } });
  for (const n of [1, 2]) await sendRefused(source, { query: `action_id=${n}&status=PENDING&earned=5,00` });
  await sendRefused(source, { query: "action_id=3&earned=5,00&currency=Euros" });
  await operate(`/sources/${source.id}`, { mapping: {} }, "PATCH");
  expect(wordsOf((await look(`/quarantine/reingest?source=${source.id}`)).text)).toContain("3 calls wait.");
  const { next } = (await operate("/quarantine/reingest", { source: source.id, limit: 1 })).body;
  const half = await look(`/quarantine/reingest?source=${source.id}&cursor=${next}`);
  expect(wordsOf(half.text)).toContain("1 of 3");
  expect(half.text).toContain(`name="cursor" value="${next}"`);
  expect(half.text, "a page that is come to presses nothing by itself").not.toContain("load delay");
  const response = await submit("/quarantine/reingest", { source: source.id, cursor: next });
  const { text } = await look(response.headers.get("location") as string);
  expect([response.status, wordsOf(text)]).toEqual([303, expect.stringContaining("2 calls became events; 1 stays in quarantine.")]);
  expect(text).not.toContain(">Go on<");
});

test("a call that cannot be mended is set aside: it no longer waits, its bytes stay, and it can still be re-ingested", async () => {
  const source = await newSource();
  const id = await sendRefused(source, { query: "action_id=1&status=PENDING&payout=5,00&earned=5.00" });
  expect((await look(`/quarantine/${id}`)).text).toMatch(new RegExp(`action="/quarantine/${id}/dismiss".+data-confirm=`, "s"));
  const set = await submit(`/quarantine/${id}/dismiss`, {});
  expect([set.status, set.headers.get("location")]).toEqual([303, "/quarantine"]);
  const waiting = await operate(`/quarantine?source=${source.id}`);
  expect(waiting.body.data).toEqual([]);
  const { text } = await look(`/quarantine?source=${source.id}&resolved=true`);
  expect(wordsOf(text)).toContain("set aside");
  const one = await look(`/quarantine/${id}`);
  expect(wordsOf(one.text)).toContain("It was set aside just now and no longer waits.");
  expect(one.text).not.toContain("/dismiss");
  await operate(`/sources/${source.id}`, { mapping: { earned: "Payout" } }, "PATCH");
  expect((await submit(`/quarantine/${id}/reingest`, {})).headers.get("location")).toBe(`/events/${id}`);
});

test("setting aside says the same when it is repeated, and what became an event cannot be", async () => {
  const source = await newSource({ mapping: { earned: "Payout" } });
  const id = await sendRefused(source, { query: "action_id=1&status=PENDING&earned=5,00" });
  const first = await operate(`/quarantine/${id}/dismiss`, {});
  expect([first.status, first.body]).toMatchObject([200, { id, event: null, resolved_at: expect.stringMatching(/Z$/) }]);
  expect((await operate(`/quarantine/${id}/dismiss`, {})).body.resolved_at).toBe(first.body.resolved_at);
  const { data } = (await operate("/audit?limit=200")).body;
  expect(data.find(({ path }: { path: string }) => path === `/quarantine/${id}/dismiss`)).toMatchObject({ method: "POST" });
  await operate(`/sources/${source.id}`, { mapping: {} }, "PATCH");
  expect((await operate(`/quarantine/${id}/reingest`, {})).status).toBe(200);
  expect((await operate(`/quarantine/${id}/dismiss`, {})).body.code).toBe("conflict");
  expect((await operate("/quarantine/evt_nowhere/dismiss", {})).status).toBe(404);
});

test("a mapping is a button to press at once only when the call becomes an event with it", async () => {
  const source = await newSource();
  const id = await sendRefused(source, { query: "action_id=1&status=PENDING&payout=5,00&earned=5.00&event_date=soon" });
  const button = async (date: string) =>
    (
      await (
        await submit(`/quarantine/${id}/preview`, { "key.0": "earned", "macro.0": "Payout", "key.1": "event_date", "macro.1": date })
      ).text()
    ).match(/<button class="([^"]*)">Save this mapping/)?.[1];
  expect([await button(""), await button("SubId3")]).toEqual(["", "primary"]);
});
