import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newDestination, newSource, operate } from "../kit.ts";
import { only, sendAccepted } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

async function preview(input: Record<string, unknown>): Promise<any> {
  const { status, body } = await operate("/destinations/preview", input);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

/** A source whose events go nowhere, and one of them. */
async function sourceWithEvent(query = "action_id=7&status=APPROVED&payout=12.5&currency=EUR&sub_id1=click-1") {
  const source = await newSource();
  return { source, event: await sendAccepted(source, { query }) };
}

describe("a preview of a new destination", () => {
  test("is the request as it would be sent", async () => {
    const { source, event } = await sourceWithEvent();
    const input = { url: "https://far.example/hook", method: "PUT", headers: { "X-Kind": "{{ kind }}" }, body: '{"paid":"{{ payout }}"}' };
    const { request, ...about } = await preview({ ...input, event, filter: only(source) });
    expect(about).toEqual({ event, is_sample: false, is_selected: true });
    expect(request).toEqual({
      method: "PUT",
      url: "https://far.example/hook",
      headers: { "content-type": "application/json", "X-Kind": "action-lifecycle" },
      body: '{"paid":"12.50"}',
    });
  });

  test("of nothing but an event is the usual one", async () => {
    const { source, event } = await sourceWithEvent();
    const { request } = await preview({ event });
    expect(request.method).toBe("POST");
    expect(JSON.parse(request.body)).toMatchObject({
      type: "action.approved",
      data: { event_id: event, source: source.name, payout: "12.50" },
    });
  });

  test("of a GET has no body, and the event in its URL", async () => {
    const { event } = await sourceWithEvent();
    const { request } = await preview({ event, method: "GET", url: "https://far.example/?cid={{ sub_id1 }}&payout={{ payout }}" });
    expect(request).toEqual({ method: "GET", url: "https://far.example/?cid=click-1&payout=12.50", headers: {}, body: null });
  });

  test("of a raw one is the postback as it came", async () => {
    const source = await newSource();
    const body = '{"action_id": "7", "Payout": 1.50}';
    const event = await sendAccepted(source, { query: "x=%20", body, headers: { "content-type": "application/json" } });
    const { request } = await preview({ event, preset: "raw", url: "https://far.example/hook" });
    expect(request).toMatchObject({
      method: "POST",
      url: "https://far.example/hook?x=%20",
      body,
      headers: { "content-type": "application/json" },
    });
  });

  test("hides its secrets, in the URL, the headers and the body", async () => {
    const { event } = await sourceWithEvent();
    const { request } = await preview({
      event,
      url: "https://far.example/?k={{ secrets.key }}",
      secrets: { key: "hush/hush hush" },
      headers: { "X-Key": "{{ secrets.key }}", "X-Plain": "hush-plain", "X-Coded": "{{ secrets.key | base64_encode }}" },
      body: '{"key":"{{ secrets.key }}"}',
    });
    expect(JSON.stringify(request)).not.toMatch(/hush|aHVz/);
    expect(request).toMatchObject({
      url: "https://far.example/?k=[hidden]",
      headers: { "X-Key": "[hidden]", "X-Plain": "[hidden]", "X-Coded": "[hidden]" },
      body: '{"key":"[hidden]"}',
    });
  });

  test.each([
    ["a template's mistake", { body: '{\n "a": "{{ colour }}"}' }, { field: "body", line: 2, column: 11 }],
    ["a filter's mistake", { filter: "payoutt > 1.0" }, { field: "filter", line: 1, column: 1 }],
    ["an address", { url: "https://10.0.0.1/" }, { field: "url" }],
    ["a binding", { via: "NOPE" }, { field: "via" }],
    ["an unknown key", { signatures: ["v1"] }, { field: "signatures" }],
    ["a secret that cannot stay", { secrets: { key: "[hidden]" } }, { field: "secrets.key" }],
    ["an event that is no text", { event: 5 }, { field: "event" }],
  ])("refuses %s as creating it would", async (_what, part, mistake) => {
    const { status, body } = await operate("/destinations/preview", part);
    expect([status, body.errors]).toMatchObject([422, [mistake]]);
  });
});

describe("a preview of a destination", () => {
  test("is of its present settings", async () => {
    const { source, event } = await sourceWithEvent();
    const settings = { url: "https://far.example/now", body: '["{{ action_id }}"]', filter: only(source), state: "paused" };
    const { id } = await newDestination(settings);
    const { request } = await preview({ destination: id, event });
    expect(request).toMatchObject({ url: "https://far.example/now", body: '["7"]' });
  });

  test("takes changes of it, and leaves the rest as it is", async () => {
    const { source, event } = await sourceWithEvent();
    const { id } = await newDestination({
      filter: only(source),
      state: "paused",
      secrets: { key: "k-1234567" },
      body: '"{{ secrets.key }}"',
    });
    const { request } = await preview({ destination: id, event, url: "https://far.example/?k={{ secrets.key }}&id={{ action_id }}" });
    expect(request).toMatchObject({ url: "https://far.example/?k=[hidden]&id=7", body: '"[hidden]"' });
  });

  test("tells nothing of the headers that it keeps, however short they are or whatever they hold", async () => {
    const { event } = await sourceWithEvent();
    const headers = { "X-Short": "pin1", "X-Mixed": "{{ action_id }}-hush-hush" };
    const { id } = await newDestination({ filter: "false", headers });
    const kept = { "X-Short": "[hidden]", "X-Mixed": "[hidden]" };
    expect((await preview({ destination: id, event })).request.headers).toMatchObject(kept);
    const sent = { "X-Short": "[hidden]", "X-Mixed": "[hidden]", "X-New": "{{ action_id }}" };
    expect((await preview({ destination: id, event, headers: sent })).request.headers).toMatchObject({ ...kept, "X-New": "7" });
  });

  test("of nobody is 404", async () => {
    expect((await operate("/destinations/preview", { destination: "dst_nobody" })).status).toBe(404);
  });

  test("saves nothing, and sends nothing", async () => {
    const far = farHost();
    const { source, event } = await sourceWithEvent();
    const { id } = await newDestination({ url: far.url, filter: only(source), state: "paused" });
    const everything = async () => {
      const tables = ["destinations", "former_bodies", "deliveries", "attempts", "events", "access_tokens"].map((table) =>
        env.DB.prepare(`select count(*) as n from ${table}`).first("n"),
      );
      const row = await env.DB.prepare("select * from destinations where id = ?").bind(id).first();
      return [await Promise.all(tables), row];
    };
    const before = await everything();
    const login = farHost(() => Response.json({ access_token: "t" }));
    const auth = { type: "oauth2", token_url: login.url, client_id: "c", client_secret: "s" };
    await preview({ destination: id, event, body: '"changed"', auth });
    await preview({ url: far.url, filter: only(source), name: "new", auth });
    expect(await everything()).toEqual(before);
    expect([...far.heard, ...login.heard]).toEqual([]);
  });
});

describe("what a preview is about", () => {
  test("is the event that is named, selected or not", async () => {
    const { source, event } = await sourceWithEvent();
    await sendAccepted(source, { query: "action_id=8&status=PENDING" });
    expect(await preview({ event, filter: "false" })).toMatchObject({ event, is_sample: false, is_selected: false });
    expect(await preview({ event, filter: `${only(source)} && status == "APPROVED"` })).toMatchObject({ event, is_selected: true });
  });

  test("is else the latest that the filter selects", async () => {
    const { source, event } = await sourceWithEvent();
    await sendAccepted(source, { query: "action_id=8&status=PENDING" });
    const latest = await sendAccepted(source, { query: "action_id=9&status=PENDING" });
    expect(await preview({ filter: only(source) })).toMatchObject({ event: latest, is_sample: false, is_selected: true });
    expect(await preview({ filter: `${only(source)} && status == "APPROVED"` })).toMatchObject({ event, is_selected: true });
  });

  test("is else the latest that a destination's filter selects", async () => {
    const { source, event } = await sourceWithEvent();
    const { id } = await newDestination({ filter: only(source), state: "paused" });
    expect(await preview({ destination: id })).toMatchObject({ event, is_sample: false, is_selected: true });
  });

  test("is a sample where there is none, and is not booked", async () => {
    const { event, is_sample, is_selected, request } = await preview({ filter: 'source == "nobody"' });
    expect([is_sample, is_selected]).toEqual([true, false]);
    expect(JSON.parse(request.body)).toMatchObject({ type: "action.pending", data: { event_id: event, is_test: true, payout: "0.88" } });
    expect((await operate(`/events/${event}`)).status).toBe(404);
  });

  test("is a sample for a raw one too", async () => {
    const { request, is_sample } = await preview({ preset: "raw", url: "https://far.example/hook", filter: 'source == "nobody"' });
    expect([is_sample, request.url]).toEqual([true, expect.stringMatching(/^https:\/\/far\.example\/hook\?action_id=.*payout=0\.88/)]);
  });

  test("is no event that there is not", async () => {
    const { status, body } = await operate("/destinations/preview", { event: "evt_nobody" });
    expect([status, body.code]).toEqual([404, "not_found"]);
  });
});
