import { expect, test } from "vitest";
import { payload } from "../../src/forward/payload.ts";
import { sampleEvent } from "../../src/forward/sample.ts";

const event = { ...sampleEvent("evt_1", Date.UTC(2026, 4, 13)), nested: { items: [{ sku: "APP-0016", amt: "719.10" }] } };
const body = JSON.parse(payload(event, "main"));

test("tells type, time and data, as Standard Webhooks does", () => {
  expect(Object.keys(body)).toEqual(["type", "timestamp", "data"]);
  expect(body).toMatchObject({ type: "action.pending", timestamp: "2026-05-13T00:00:00Z" });
});

test("tells amounts as text, with their currency", () => {
  expect(body.data).toMatchObject({ payout: "0.88", delta_payout: "0.88", amount: "21.99", currency: "USD" });
});

test("tells dates in UTC and keeps their original text", () => {
  const fields = { ...event.fields, EventDate: "2026-05-13T11:37:49+08:00" };
  const { data } = JSON.parse(payload({ ...event, fields }, "main"));
  expect(data.event_date).toBe("2026-05-13T03:37:49Z");
  expect(data.fields.EventDate).toBe("2026-05-13T11:37:49+08:00");
});

test("carries items and every field, known or not", () => {
  const { data } = JSON.parse(payload({ ...event, fields: { ...event.fields, network: "impact" } }, "main"));
  expect(data.items).toEqual([{ sku: "APP-0016", amt: "719.10" }]);
  expect(data.fields).toMatchObject({ ActionId: "1000.4636.158133", network: "impact" });
});

test("lets no list of the sender's stand in for a field of ours", () => {
  const { data } = JSON.parse(payload({ ...event, nested: { event_id: ["evil"], payout: ["9.99"] } }, "main"));
  expect(data).toMatchObject({ event_id: "evt_1", payout: "0.88" });
});
