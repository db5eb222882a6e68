import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type PresetName, presetNames } from "../../src/domain/destination.ts";
import type { Event } from "../../src/domain/event.ts";
import { build, checkForm, type Material } from "../../src/forward/build.ts";
import { eventData, payload } from "../../src/forward/payload.ts";
import { presetCatalogue, presets } from "../../src/forward/presets.ts";
import { sampleEvent } from "../../src/forward/sample.ts";
import { runs } from "../fuzz.ts";

const received = Date.UTC(2026, 4, 13, 3, 37, 49);
const occurred = Date.UTC(2026, 4, 1);
const sample = sampleEvent("evt_1", received);
const approved: Event = {
  ...sample,
  type: "action.approved",
  status: "APPROVED",
  isTest: false,
  occurredAt: occurred,
  fields: { ...sample.fields, SubId1: "click-1" },
};
const pending: Event = { ...approved, type: "action.pending", status: "PENDING" };
const reversed: Event = { ...approved, type: "action.reversed", status: "REVERSED", payout: 0n, deltaPayout: -880_000n };
const news: Event = {
  ...sample,
  id: "evt_9",
  sourceId: "operational",
  origin: "postback",
  kind: "operational",
  type: "operational.destination_disabled",
  actionId: null,
  status: null,
  payout: null,
  currency: null,
  isTest: false,
  fields: { destination: "dst_1", destination_name: "A & B", reason: 'It <answered> "410".' },
};
const secrets = { access_token: "t&k", measurement_id: "G-1", api_secret: "s+s" };

function built(name: PresetName, event: Event = approved, more: Partial<Material> = {}) {
  const { method, exampleUrl } = presets[name];
  const material: Material = { event, sourceName: "main", secrets, headers: {}, receipt: null, ...more };
  return build({ preset: name, method, url: exampleUrl, body: null }, material);
}

const json = (name: PresetName, event?: Event) => JSON.parse(built(name, event).body as string);
const query = (name: PresetName, event?: Event) => Object.fromEntries(new URL(built(name, event).url).searchParams);

test("the catalogue tells of every preset, with all that a choice needs", () => {
  expect(presetCatalogue.map(({ name }) => name)).toEqual([...presetNames]);
  for (const { name, title, description, documentation, exampleUrl } of presetCatalogue) {
    expect(title.length * description.length, name).toBeGreaterThan(0);
    expect(URL.canParse(exampleUrl), name).toBe(true);
    expect(documentation === null || URL.canParse(documentation), name).toBe(true);
  }
});

test.each(presetNames)("%s holds to all that is asked of what an operator writes", (name) => {
  const { method, exampleUrl, body, contentType, headers } = presets[name];
  checkForm({ preset: name, method, url: exampleUrl, body: null }, {}, Object.keys(secrets));
  if (body === null) return;
  const typed = contentType === null ? {} : { "content-type": contentType };
  checkForm({ preset: "standard-webhooks", method, url: "https://far.example/", body }, { ...headers, ...typed }, Object.keys(secrets));
});

test("standard-webhooks is the payload, byte for byte", () => {
  const { url, headers, body } = built("standard-webhooks");
  expect({ url, headers, body }).toEqual({
    url: "https://example.com/hooks/impact",
    headers: { "content-type": "application/json" },
    body: payload(approved, "main"),
  });
});

const receipt = {
  method: "POST",
  query: "a=1&b=x%20y",
  headers: { "content-type": "text/xml; charset=iso-8859-1", "content-encoding": "gzip", "user-agent": "impact" },
  body: Uint8Array.of(60, 0xe9, 62),
};

test("raw is the postback as it came: bytes, type and query", () => {
  const { url, headers, body } = built("raw", approved, { receipt });
  expect(url).toBe("https://example.com/postback?a=1&b=x%20y");
  expect(headers).toEqual({ "content-type": "text/xml; charset=iso-8859-1", "content-encoding": "gzip" });
  expect([...(body as Uint8Array)]).toEqual([60, 0xe9, 62]);
});

test("raw puts the query behind the URL's own, and for a GET there is no body", () => {
  const get = { ...receipt, method: "GET", headers: {}, body: new Uint8Array() };
  const form = { preset: "raw", method: "POST", url: "https://far.example/in?key=1", body: null } as const;
  const material = { event: approved, sourceName: "main", secrets, headers: {}, receipt: get };
  expect(build(form, material)).toMatchObject({ url: "https://far.example/in?key=1&a=1&b=x%20y", headers: {} });
  expect(build(form, material).body).toHaveLength(0);
  expect(build({ ...form, method: "GET" }, material)).toMatchObject({ url: "https://far.example/in?key=1&a=1&b=x%20y", body: null });
});

test("what the sender says of the body is no template either, and what no header can hold is left out", () => {
  const headers = { "content-type": "text/{{ secrets.access_token }}", "content-encoding": "gz\u00efp" };
  expect(built("raw", approved, { receipt: { ...receipt, headers } }).headers).toEqual({ "content-type": headers["content-type"] });
});

test("raw says so when there is nothing to send, and tells our own news as usual", () => {
  expect(() => built("raw")).toThrow("not stored");
  expect(built("raw", news, { receipt }).body).toBe(payload(news, "main"));
  expect(built("raw", news, { receipt }).url).toBe("https://example.com/postback");
});

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const attributes = {
  specversion: "1.0",
  id: "evt_1",
  source: "urn:postback-edge:source:sample",
  type: "action.approved",
  subject: "1000.4636.158133",
  time: "2026-05-01T00:00:00Z",
};

test("cloudevents-structured is one JSON envelope", () => {
  expect(built("cloudevents-structured").headers).toEqual({ "content-type": "application/cloudevents+json; charset=utf-8" });
  const data = JSON.parse(JSON.stringify(eventData(approved, "main")));
  expect(json("cloudevents-structured")).toEqual({ ...attributes, datacontenttype: "application/json", data });
});

test("cloudevents-binary has the attributes as headers, and the data as body", () => {
  const { headers, body } = built("cloudevents-binary");
  const expected = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]));
  expect(headers).toEqual({ ...expected, "content-type": "application/json" });
  expect(JSON.parse(body as string)).toEqual(JSON.parse(JSON.stringify(eventData(approved, "main"))));
});

test("CloudEvents leave out a subject that is not there, and name a time in any case", () => {
  const inquiry = { ...approved, actionId: null, occurredAt: null };
  expect(json("cloudevents-structured", inquiry)).not.toHaveProperty("subject");
  expect(json("cloudevents-structured", inquiry).time).toBe("2026-05-13T03:37:49Z");
  expect(built("cloudevents-binary", inquiry).headers).not.toHaveProperty("ce-subject");
});

test("CloudEvents in headers are percent-encoded as the binding says", () => {
  const { headers } = built("cloudevents-binary", { ...approved, actionId: 'Euro € 😀 "50%"', sourceId: "a b" });
  expect(headers["ce-subject"]).toBe("Euro%20%E2%82%AC%20%F0%9F%98%80%20%2250%25%22");
  expect(headers["ce-source"]).toMatch(/^[\x21-\x7e]+$/);
});

test("slack gets one line", () => {
  expect(json("slack")).toEqual({ text: "action.approved 1000.4636.158133: 0.88 USD, Sample campaign" });
  expect(json("slack", { ...approved, actionId: null, payout: null, isTest: true, fields: {} })).toEqual({
    text: "action.approved (test)",
  });
});

test("slack gets & < > escaped, and nothing else", () => {
  const fields = { ...approved.fields, CampaignName: `<!channel> & "friends" it's` };
  expect(json("slack", { ...approved, fields }).text).toContain(`&lt;!channel&gt; &amp; "friends" it's`);
});

test("slack gets our own news with the reason", () => {
  expect(json("slack", news).text).toBe('operational.destination_disabled (A &amp; B): It &lt;answered&gt; "410".');
});

test("voluum counts an action once, and a reversal against it", () => {
  const told = { cid: "click-1", payout: "0.88", txid: "1000.4636.158133", currency: "USD" };
  expect(built("voluum")).toMatchObject({ method: "GET", body: null, headers: {} });
  expect(query("voluum", pending)).toEqual({ ...told, et: "pending" });
  expect(query("voluum", approved)).toEqual({ ...told, et: "approved" });
  expect(query("voluum", reversed)).toEqual({ ...told, et: "reversed", payout: "-0.88", txid: "1000.4636.158133-reversed" });
});

test.each<[PresetName, Event, Record<string, string>]>([
  ["redtrack", pending, { clickid: "click-1", sum: "0.88", status: "pending", rdtk_event_id: "1000.4636.158133" }],
  ["redtrack", approved, { clickid: "click-1", sum: "0.88", status: "approved", rdtk_event_id: "1000.4636.158133" }],
  ["redtrack", reversed, { clickid: "click-1", sum: "0.00", status: "declined", rdtk_event_id: "1000.4636.158133" }],
  ["keitaro", pending, { subid: "click-1", status: "lead", payout: "0.88", currency: "USD", tid: "1000.4636.158133" }],
  ["keitaro", approved, { subid: "click-1", status: "sale", payout: "0.88", currency: "USD", tid: "1000.4636.158133" }],
  ["keitaro", reversed, { subid: "click-1", status: "rejected", payout: "0.00", currency: "USD", tid: "1000.4636.158133" }],
  ["binom", pending, { cnv_id: "click-1", payout: "0.88", cnv_status: "hold", cnv_currency: "USD" }],
  ["binom", approved, { cnv_id: "click-1", payout: "0.88", cnv_status: "approve", cnv_currency: "USD" }],
  ["binom", reversed, { cnv_id: "click-1", payout: "0.00", cnv_status: "reject", cnv_currency: "USD" }],
])("%s", (name, event, expected) => {
  expect(built(name, event)).toMatchObject({ method: "GET", body: null });
  expect(query(name, event)).toEqual(expected);
});

test.each<[PresetName, string]>([
  ["voluum", "et"],
  ["redtrack", "status"],
  ["keitaro", "status"],
  ["binom", "cnv_status"],
])("%s is not told of our own news as of a sale", (name, status) => {
  expect(query(name, news)[status]).toBe("operational.destination_disabled");
});

test("another sub id is a matter of the URL", () => {
  const form = {
    preset: "voluum",
    method: "GET",
    url: "https://t.example/postback?cid={{ sub_id2 }}&payout={{ payout }}",
    body: null,
  } as const;
  const event = { ...approved, fields: { SubId2: "click-2" } };
  const { url } = build(form, { event, sourceName: "main", secrets: {}, headers: {}, receipt: null });
  expect(url).toBe("https://t.example/postback?cid=click-2&payout=0.88");
});

test("meta-conversions gets one event, with the token in the query", () => {
  const { url, method, headers } = built("meta-conversions");
  expect({ url, method, headers }).toEqual({
    url: "https://graph.facebook.com/v23.0/1234567890/events?access_token=t%26k",
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  expect(json("meta-conversions")).toEqual({
    data: [
      {
        event_name: "Purchase",
        event_time: received / 1000,
        event_id: "1000.4636.158133",
        action_source: "system_generated",
        user_data: { external_id: [createHash("sha256").update("click-1").digest("hex")] },
        custom_data: { value: 0.88, currency: "USD", order_id: "1000.4636.158133" },
      },
    ],
  });
});

test("meta-conversions gets a click id as fbc only when it can be one", () => {
  const fbclid = "IwAR2F4-dbP0l7Mn1IawQQGCINEz7PYXQvwjNwB_qa2ofrHyiLjcbCRxTDMgk";
  const { user_data } = json("meta-conversions", { ...approved, fields: { SubId1: fbclid } }).data[0];
  expect(user_data.fbc).toBe(`fb.1.${occurred}.${fbclid}`);
});

test("meta-conversions gets a reversal as a refund, and our own news as what it is", () => {
  expect(json("meta-conversions", reversed).data[0].event_name).toBe("Refund");
  expect(json("meta-conversions", news).data[0]).toMatchObject({ event_name: news.type, event_id: "evt_9" });
});

test("ga4 gets a purchase, with its keys in the query", () => {
  const { url, method, headers } = built("ga4");
  expect({ url, method, headers }).toEqual({
    url: "https://www.google-analytics.com/mp/collect?measurement_id=G-1&api_secret=s%2Bs",
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  expect(json("ga4")).toEqual({
    client_id: "click-1",
    events: [
      {
        name: "purchase",
        params: {
          transaction_id: "1000.4636.158133",
          value: 0.88,
          currency: "USD",
          items: [{ item_id: "1000", item_name: "Sample campaign" }],
        },
      },
    ],
  });
});

test("ga4 gets a reversal as a refund of what was lost, and our own news under a name that it takes", () => {
  expect(json("ga4", reversed).events[0]).toMatchObject({ name: "refund", params: { value: 0.88, transaction_id: "1000.4636.158133" } });
  expect(json("ga4", news).events[0].name).toMatch(/^[a-z][a-z0-9_]{0,39}$/);
});

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom('"}', "&x=1", "<script>", "a\r\nb: c", "{{ payout }}", "😀", "\ud800", ""),
);

test.each(presetNames)("%s stays what it is, whatever the event holds", (name) => {
  const shape = shapeOf(built(name, approved, { receipt }));
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      const event = { ...approved, actionId: a || "x", currency: b || "x", fields: { SubId1: c || "x", CampaignName: a, CampaignId: b } };
      return shapeOf(built(name, event, { receipt })) === shape;
    }),
    runs(50),
  );
});

/** The names in a request, without their values; throws when it is none. */
function shapeOf({ url, headers, body }: ReturnType<typeof build>): string {
  const { origin, pathname, searchParams } = new URL(url);
  const names = [...new Headers(headers).keys()];
  return JSON.stringify([origin, pathname, [...searchParams.keys()], names, typeof body === "string" && namesIn(JSON.parse(body))]);
}

function namesIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(namesIn);
  if (typeof value !== "object" || value === null) return "";
  return Object.entries(value).map(([name, member]) => [name, name === "fields" ? "" : namesIn(member)]);
}

test.each(presetNames)("%s makes a request of an event that has next to nothing", (name) => {
  const nothing = { actionId: null, status: null, currency: null, payout: null, deltaPayout: null, occurredAt: null, fields: {} };
  const { url, body, headers } = built(name, { ...approved, ...nothing }, { receipt });
  expect(URL.canParse(url)).toBe(true);
  if (typeof body === "string") JSON.parse(body);
  if (headers["ce-time"]) expect(headers["ce-time"]).toMatch(rfc3339);
});
