import { describe, expect, test } from "vitest";
import { newSource, operate } from "../kit.ts";
import { sendAccepted } from "./ask.ts";
import { harmless, hostile, look, lookThrough, wordsOf } from "./look.ts";

const unique = () => `1000.${crypto.randomUUID()}`;
const step = (id: string, status: string, payout: string, delta: string) =>
  `action_id=${id}&status=${status}&payout=${payout}&delta_payout=${delta}&currency=EUR`;

describe("the list of actions", () => {
  test("leads to each, with its money and its gaps", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: step(id, "APPROVED", "1234.5", "-1") });
    const { status, text } = await look(`/actions?source=${source.id}`);
    expect(status).toBe(200);
    expect(text).toContain(`/actions/${id}`);
    expect(wordsOf(text)).toMatch(/1 gap.*APPROVED.*1 234\.50 EUR/);
  });

  test("keeps its filters in the form, and leads on by cursor with them", async () => {
    const source = await newSource();
    for (const id of [unique(), unique()]) await sendAccepted(source, { query: step(id, "PENDING", "1", "1") });
    const { text } = await look(`/actions?source=${source.id}&state=PENDING&sub_id1=&limit=1`);
    expect(text).toContain(`<option value="PENDING" selected>`);
    expect(text).toMatch(new RegExp(`rel="next" href="/actions\\?source=${source.id}&amp;state=PENDING&amp;limit=1&amp;cursor=evt_`));
  });

  test("says what to do where nothing fits", async () => {
    const { status, text } = await lookThrough("/actions?promo_code=nobody-has-this");
    expect(status).toBe(200);
    expect(wordsOf(text)).toContain("No action fits");
    expect(text).toContain(`href="/actions">All actions</a>`);
  });

  test("shows a mistake at its field, with what was typed", async () => {
    const { status, text } = await look("/actions?since=yesterday");
    expect(status).toBe(422);
    expect(text).toMatch(/<input id="field-since" name="since" type="text" value="yesterday" aria-invalid="true"/);
    expect(wordsOf(text)).toContain("must be a date like 2026-05-13T11:37:49Z");
  });

  test("shows hostile values, and runs none", async () => {
    const source = await newSource();
    const fields = { action_id: hostile, status: hostile, payout: "1", currency: "EUR", CampaignName: hostile, ActionTrackerName: hostile };
    await sendAccepted(source, { query: new URLSearchParams(fields).toString() });
    for (const path of [`/actions?source=${source.id}`, `/actions/${encodeURIComponent(hostile)}?source=${source.id}`]) {
      const { status, text } = await look(path);
      expect(status).toBe(200);
      expect(text).toContain(harmless);
      expect(text.toLowerCase()).not.toContain("<img");
    }
  });
});

describe("the page of an action", () => {
  test("tells its steps in order of effect with what they changed, and what is missing between them", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: step(id, "APPROVED", "8", "-2") });
    await sendAccepted(source, { query: step(id, "PENDING", "10", "10") });
    await sendAccepted(source, { query: step(id, "REVERSED", "0", "-5") });
    const { text } = await look(`/actions/${id}`);
    const [, happened = ""] = /What happened(.*)What we knew when/s.exec(text) ?? [];
    expect(wordsOf(happened)).toMatch(
      /tracked.*PENDING Payout \+10\.00 10\.00 EUR.*approved.*Payout −2\.00 8\.00 EUR.*missing.*Payout −3\.00 5\.00 EUR.*reversed.*Payout −5\.00 0\.00 EUR/,
    );
    expect(wordsOf(text)).toContain("a step is missing");
  });

  test("tells what we knew at each arrival", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: step(id, "APPROVED", "8", "-2") });
    await sendAccepted(source, { query: step(id, "PENDING", "10", "10") });
    await sendAccepted(source, { kind: "action-clearing", query: `action_id=${id}&cleared_date=2026-05-13T11:37:49Z` });
    const { body } = await operate(`/actions/${id}`);
    expect(body.known).toMatchObject([
      { origin: "postback", state: "APPROVED", payout: "8.00", cleared: false, gaps: 1 },
      { origin: "postback", state: "APPROVED", payout: "8.00", cleared: false, gaps: 0 },
      { origin: "postback", state: "APPROVED", payout: "8.00", cleared: true, gaps: 0, stage: "cleared" },
    ]);
    const { text } = await look(`/actions/${id}`);
    expect(wordsOf(text)).toMatch(/What we knew when.*APPROVED8\.00 EUR–1.*APPROVED8\.00 EUR–none.*✓ cleared8\.00 EUR–none/);
  });

  test("leads to the inquiries about it and to other sources that know it", async () => {
    const [first, second, id] = [await newSource(), await newSource(), unique()];
    await sendAccepted(first, { query: step(id, "PENDING", "1", "1") });
    await sendAccepted(second, { query: step(id, "PENDING", "2", "2") });
    const inquiry = `${Math.floor(1e12 * Math.random())}`;
    await sendAccepted(first, { kind: "action-inquiry", query: `InquiryId=${inquiry}&ActionId=${id}&ResolutionStatus=UNRESOLVED` });
    const { text } = await look(`/actions/${id}?source=${second.id}`);
    expect(text).toContain(`href="/inquiries/${inquiry}"`);
    expect(text).toContain(`/actions/${id}?source=${encodeURIComponent(first.name).replaceAll("%20", "+")}`);
  });

  test("tells what an action is worth after each step, also where a step does not say", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: step(id, "PENDING", "10", "10") });
    await sendAccepted(source, { query: `action_id=${id}&status=APPROVED` });
    const { body } = await operate(`/actions/${id}`);
    expect(body.history).toMatchObject([{ payout_after: "10.00" }, { payout: null, payout_after: "10.00", amount_after: null }]);
  });

  test("says that nobody heard of an action", async () => {
    const { status, text } = await look("/actions/nobody-heard-of-this");
    expect(status).toBe(404);
    expect(wordsOf(text)).toContain("No event about this action was received.");
  });
});
