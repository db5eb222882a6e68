import * as z from "zod";
import type { App } from "../app.ts";
import type { Event } from "../domain/event.ts";
import { eventKinds, eventTypes } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import { eventData } from "../forward/payload.ts";
import { foldKey, isMacroName } from "../postback/fields.ts";
import { redact } from "../postback/secrets.ts";
import { listDeliveriesOf } from "../store/attempts.ts";
import { findEvent } from "../store/events.ts";
import type { StoredReceipt } from "../store/receipts.ts";
import { listEvents as search } from "../store/search.ts";
import { eventPage } from "../ui/event.ts";
import { eventsPage } from "../ui/events.ts";
import { receivers, viewDelivery } from "./deliveries.ts";
import { endpoint } from "./endpoint.ts";
import { moment, pagingBy } from "./input.ts";

export const listEvents = endpoint({
  summary: "Events, newest first. A page may hold fewer than asked and still have a `next`: each looks at 2,500 events at the most",
  query: z.strictObject({
    kind: z.enum(eventKinds).optional(),
    type: z.enum(eventTypes).optional(),
    status: z.string().optional(),
    source: z.string().optional().describe("A source's id or name."),
    action_id: z.string().optional(),
    click_id: z.string().optional().describe("The click's id: RefClickId or ClickId."),
    sub_id: z.string().optional().describe("One of the three sub ids, or the shared id."),
    order_id: z.string().optional().describe("The order's id: Oid or OrderId."),
    field: z
      .string()
      .regex(/^[^=]+=./s, "must be a name and a value, like PromoCode=SUMMER")
      .optional()
      .describe("Any field that has just this value: `PromoCode=SUMMER`. How the name is spelt does not matter."),
    q: z.string().min(1).max(200).optional().describe("Text that stands in the event's id, in any key or in any value."),
    since: moment,
    until: moment,
    ...pagingBy("evt"),
  }),
  run: async ({ app, query: { action_id, click_id, sub_id, order_id, field, ...query } }) => {
    const ids = { actionId: action_id, clickId: click_id, subId: sub_id, orderId: order_id };
    const { events, next } = await search(app.db, { ...query, ...ids, field: field === undefined ? undefined : pairOf(field) });
    const names = await sourceNames(app);
    return { body: { data: events.map((event) => viewEvent(event, names)), next } };
  },
  page: async ({ app, answer, view }) => eventsPage(view, answer, [...(await sourceNames(app)).values()]),
  again: async ({ app, view, typed }) => eventsPage(view, null, [...(await sourceNames(app)).values()], typed),
});

function pairOf(field: string): { key: string; value: string } {
  const at = field.indexOf("=");
  return { key: foldKey(field.slice(0, at)), value: field.slice(at + 1) };
}

export const showEvent = endpoint({
  summary: "One event: its fields, the receipt it was read from, its deliveries with their attempts",
  run: async ({ app, params }) => {
    const id = params["id"] ?? "";
    const [found, deliveries] = await Promise.all([findEvent(app.db, id), listDeliveriesOf(app.db, id)]);
    if (!found)
      throw new Problem(
        "not_found",
        "There is no event with this id. A duplicate keeps the id of the first; what was refused is in /quarantine.",
      );
    return {
      body: {
        ...viewEvent(found.event, await sourceNames(app)),
        receipt: viewReceipt(found.receipt),
        deliveries: deliveries.map(({ delivery, attempts }) => viewDelivery(delivery, attempts)),
      },
    };
  },
  page: async ({ app, answer, view }) => eventPage(view, answer, isMacroName, await receivers(app)),
});

/** An event as our API tells it: a webhook's data, and what is ours to know. */
export function viewEvent(event: Event, names: Map<string, string>) {
  const { event_id, ...data } = eventData(event, names.get(event.sourceId) ?? event.sourceId);
  return { id: event_id, type: event.type, subject: event.subject, ...data, warnings: event.warnings };
}

/** A receipt for people: what came, with the values of secret-looking keys removed. Bytes that are no text come as base64. */
export function viewReceipt({ method, query, headers, ip, body }: StoredReceipt) {
  return { method, query: redact(query), headers, ip, ...viewBody(body), body_bytes: body.byteLength };
}

function viewBody(body: Uint8Array) {
  const text = new TextDecoder().decode(body);
  if (!text.includes("\ufffd")) return { body: redact(text), body_encoding: "utf-8" };
  const letters = Buffer.from(body).toString("latin1");
  const redacted = redact(letters);
  if (redacted !== letters) return { body: redacted, body_encoding: "latin1" };
  return { body: Buffer.from(body).toString("base64"), body_encoding: "base64" };
}

export async function sourceNames(app: App): Promise<Map<string, string>> {
  return new Map((await app.catalog.current(app.db)).sources.map(({ id, name }) => [id, name]));
}
