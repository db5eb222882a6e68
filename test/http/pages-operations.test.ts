import { describe, expect, test } from "vitest";
import { newSource, operate } from "../kit.ts";
import { sendAccepted, sendRefused } from "./ask.ts";
import { useFarSide } from "./far.ts";
import { fieldsOf, submit, visit } from "./form.ts";
import { wordsOf } from "./look.ts";
import { noRetry, patient, road } from "./road.ts";

useFarSide();

const hostile = `<script>alert("x")</script>`;

describe("the overview", () => {
  test("counts what came since, and what is open, in JSON and on its page", async () => {
    const before = (await operate("/overview")).body;
    const source = await newSource();
    const sale = { query: "action_id=glance.1&status=PENDING&payout=2.50&currency=NOK" };
    for (let n = 0; n < 3; n++) await sendAccepted(source, { query: `action_id=glance.${n}&status=PENDING&payout=2.50&currency=NOK` });
    await sendAccepted(source, sale).catch(() => {}); // a repeat
    await sendRefused(source, { query: "action_id=glance.9&status=PENDING&payout=much" });
    const { body } = await operate("/overview");
    const sum = (steps: any[], name: string) => steps.reduce((total, step) => total + step[name], 0);
    expect(sum(body.calls, "received") - sum(before.calls, "received")).toBe(3);
    expect(sum(body.calls, "duplicates") - sum(before.calls, "duplicates")).toBe(1);
    expect(sum(body.calls, "quarantined") - sum(before.calls, "quarantined")).toBe(1);
    const paid = ({ payout }: any) => payout.find(({ currency }: any) => currency === "NOK")?.payout ?? "0.00";
    expect([paid(before), paid(body)]).toEqual(["0.00", "7.50"]);
    expect(body.open.quarantine_waiting).toBeGreaterThan(0);
    const words = wordsOf((await visit("/overview")).text);
    expect(words).toContain("7.50 NOK");
    expect(words).toMatch(/in quarantine could not be read/);
  });

  test.each(["24h", "7d", "30d"])("of %s has a step for each hour or day, and no holes in its charts", async (range) => {
    const { text, status } = await visit(`/overview?range=${range}`);
    const chart = text.slice(text.indexOf('<figure class="chart"'), text.indexOf("</figure>"));
    const moments = [...chart.matchAll(/data-at="(\d+)"/g)].map(([, at]) => Number(at));
    const step = range === "30d" ? 86_400 : 3600;
    expect(status).toBe(200);
    expect(moments.length).toBeGreaterThanOrEqual({ "24h": 24, "7d": 168, "30d": 30 }[range] as number);
    expect(new Set(moments.slice(1).map((at, index) => at - (moments[index] as number)))).toEqual(new Set([step]));
  });

  test("refuses a range that there is none of", async () => {
    expect((await operate("/overview?range=1y")).body).toMatchObject({ code: "invalid_input", errors: [{ field: "range" }] });
  });
});

describe("deliveries that were given up", () => {
  test("are listed, opened, and recovered: first a preview with what was asked, then the recovery itself", async () => {
    const { health, answer } = patient();
    const way = await road(answer, noRetry);
    const { id } = await way.deliver("exhausted");
    health.isWell = true;
    const list = await visit(`/deliveries?state=exhausted&destination=${way.destination.id}`);
    expect(list.text).toContain(
      `href="/deliveries/${encodeURIComponent(id)}" aria-label="Delivery of action.pending 1 to ${way.destination.name}, exhausted"`,
    );
    expect(wordsOf((await visit(`/deliveries/${encodeURIComponent(id)}`)).text)).toContain("Attempts (1)");

    const form = await fieldsOf((await visit(`/recoveries/new?destination=${way.destination.id}`)).text);
    expect(form).toMatchObject({ destination: way.destination.id, "state.exhausted": "on", payload: "original", rate: "100" });
    const preview = await submit("/recoveries?preview=1", form);
    expect([preview.status, preview.to]).toEqual([200, null]);
    expect(wordsOf(preview.text)).toMatch(/Would be sent again ?1/);
    expect(wordsOf(preview.text)).toContain(`action.pending 1 to ${way.destination.name}`);
    const change = /href="([^"]*)">Change it/.exec(preview.text)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect(await fieldsOf((await visit(change)).text)).toEqual(form);
    const begun = await submit("/recoveries", await fieldsOf(preview.text));
    expect([begun.status, begun.to]).toEqual([303, expect.stringMatching(/^\/recoveries\/rcv_/)]);
    expect((await operate(begun.to as string)).body).toMatchObject({ destination: way.destination.id, states: ["exhausted"] });
    const page = await visit(begun.to as string, begun.cookies);
    expect(page.text).toContain("The recovery has begun.");
    expect(page.text).toContain("<progress");
  });

  test("a preview that finds nothing says what there is instead, and warns of what was delivered", async () => {
    const way = await road();
    await way.deliver("delivered");
    const asked = { destination: way.destination.id, payload: "original", rate: "5" };
    const words = wordsOf((await submit("/recoveries?preview=1", { ...asked, "state.exhausted": "on" })).text);
    expect(words).toContain(`no delivery to ${way.destination.name} is exhausted`);
    expect(words).toMatch(/deliveries to .*delivered ?1/);
    const { text } = await submit("/recoveries?preview=1", { ...asked, "state.delivered": "on" });
    expect(wordsOf(text)).toContain("They will arrive twice.");
  });

  test("one that is held says by whom, and one that was delivered and is sent again says so", async () => {
    const way = await road();
    const { id, event } = await way.deliver("delivered");
    await operate(`/destinations/${way.destination.id}`, { state: "paused" }, "PATCH");
    await submit(`/deliveries/${encodeURIComponent(id)}/retry`, {});
    for (const path of [`/deliveries?event=${event}`, `/deliveries/${encodeURIComponent(id)}`, `/events/${event}`]) {
      const words = wordsOf((await visit(path)).text);
      expect(words).toContain("waits: the destination is paused");
      expect(words).toContain("sent again by an operator; before: answered 200");
    }
  });

  test("one that a breaker holds says how long", async () => {
    const way = await road(() => new Response("no", { status: 500 }), noRetry);
    for (let n = 0; n < 5; n++) await way.deliver("exhausted");
    const event = await sendAccepted(way.source, { query: "action_id=held" });
    const words = async () => wordsOf((await visit(`/deliveries?event=${event}`)).text);
    await expect.poll(words, { timeout: 8000 }).toMatch(/waits: breaker open, next try in \d+ s/);
  });

  test("a page says only in its live part what changes by itself", async () => {
    const { id } = await (await road(() => new Response("no", { status: 500 }), noRetry)).deliver("exhausted");
    const still = (text: string) => text.slice(text.indexOf("<main"), text.indexOf('class="live"'));
    const delivery = await visit(`/deliveries/${encodeURIComponent(id)}`);
    expect(delivery.text).toMatch(/class="live".*exhausted/s);
    expect(still(delivery.text)).not.toContain("exhausted");
    const { body } = await operate("/recoveries", { destination: id.split(":")[1], rate: 1, filter: "payout > 1000000.0" });
    const { text } = await visit(`/recoveries/${body.id}`);
    expect(still(text)).toContain(body.id);
    expect(still(text)).not.toContain("/cancel");
  });

  test("a filter with a mistake comes back as it was typed, with the mistake beside it", async () => {
    const { status, text } = await submit("/recoveries?preview=1", {
      "state.exhausted": "on",
      filter: `payot > ${hostile}`,
      payload: "original",
      rate: "5",
    });
    expect(status).toBe(422);
    expect(text).toMatch(/<textarea[^>]*name="filter"[^>]*aria-invalid="true"/);
    expect(await fieldsOf(text)).toMatchObject({ filter: `payot > ${hostile}`, rate: "5" });
    expect(text).not.toContain(hostile);
  });

  test("no state at all is a mistake, not a recovery of everything", async () => {
    const { status, text } = await submit("/recoveries", { payload: "original", rate: "5" });
    expect([status, text.includes("states")]).toEqual([422, true]);
  });
});

describe("reconciliation", () => {
  test("of a source without access is refused at its field, with the way out", async () => {
    const source = await newSource();
    const { status, text } = await submit("/reconciliations", { source: source.name });
    expect(status).toBe(422);
    expect(text).toMatch(/<select[^>]*name="source"[^>]*aria-invalid="true"/);
    expect(wordsOf(text)).toContain("has no access to impact.com");
  });

  test("says beforehand which sources have no access", async () => {
    const source = await newSource();
    const { text } = await visit("/reconciliations/new");
    expect(text).toContain(`<option value="${source.name}" disabled>${source.name} (no access to the API yet)</option>`);
  });

  test.each(["/reconciliations", "/gaps", "/capture", "/alerts", "/recoveries"])("%s is a page that says what will come", async (path) => {
    const { status, text } = await visit(path);
    expect(status).toBe(200);
    expect(text).toMatch(/class="empty"|<table>|class="alert"/);
  });

  test("where nothing was compared yet, no page says that there is no gap", async () => {
    const { data } = (await operate("/reconciliations?limit=1")).body;
    const words = wordsOf((await visit("/gaps?reconciliation=rec_nowhere")).text);
    expect(words).toContain(data.length > 0 ? "No gap" : "Nothing was compared yet");
  });

  test("an unknown one is a page that says so", async () => {
    const { status, text } = await visit("/reconciliations/rec_nowhere");
    expect([status, text.includes("There is no reconciliation with this id.")]).toEqual([404, true]);
  });
});
