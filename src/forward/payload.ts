import type { Event } from "../domain/event.ts";
import { formatMoney, type Micros } from "../domain/money.ts";
import { formatInstant, parseDate } from "../domain/time.ts";

/**
 * The body of a webhook, by the Standard Webhooks convention: `{type, timestamp, data}`, snake_case keys, amounts as text,
 * dates in UTC. `data.fields` holds everything as it came. Equal for every attempt at the same event.
 */
export function payload(event: Event, sourceName: string): string {
  return JSON.stringify({ type: event.type, timestamp: formatInstant(event.receivedAt), data: eventData(event, sourceName) });
}

export type EventData = { event_id: string; kind: string } & Record<string, unknown>;

/** An event in the customers' words, as in a webhook's `data` and in our own API. */
export function eventData(event: Event, sourceName: string): EventData {
  const { fields } = event;
  if (event.kind === "operational")
    return { event_id: event.id, kind: event.kind, ...fields, received_at: formatInstant(event.receivedAt) };
  return {
    ...event.nested,
    event_id: event.id,
    kind: event.kind,
    source: sourceName,
    source_id: event.sourceId,
    origin: event.origin,
    action_id: event.actionId,
    status: event.status,
    status_detail: fields["StatusDetail"] ?? null,
    currency: event.currency,
    payout: decimal(event.payout),
    delta_payout: decimal(event.deltaPayout),
    amount: decimal(event.amount),
    delta_amount: decimal(event.deltaAmount),
    campaign_id: fields["CampaignId"] ?? null,
    campaign_name: fields["CampaignName"] ?? null,
    action_tracker_id: fields["ActionTrackerId"] ?? null,
    action_tracker_name: fields["ActionTrackerName"] ?? null,
    media_partner_id: fields["MediaPartnerId"] ?? null,
    sub_id1: fields["SubId1"] ?? null,
    sub_id2: fields["SubId2"] ?? null,
    sub_id3: fields["SubId3"] ?? null,
    shared_id: fields["SharedId"] ?? null,
    promo_code: fields["PromoCode"] ?? null,
    event_date: utc(fields["EventDate"]),
    creation_date: utc(fields["CreationDate"]),
    locking_date: utc(fields["LockingDate"]),
    cleared_date: utc(fields["ClearedDate"]),
    occurred_at: event.occurredAt === null ? null : formatInstant(event.occurredAt),
    received_at: formatInstant(event.receivedAt),
    is_test: event.isTest,
    fields,
  };
}

function decimal(micros: Micros | null): string | null {
  return micros === null ? null : formatMoney(micros);
}

function utc(text: string | undefined): string | null {
  const read = text === undefined ? null : parseDate(text);
  return read && formatInstant(read.at);
}
