import type { Event } from "../domain/event.ts";
import { formatMoney } from "../domain/money.ts";
import { formatInstant, second } from "../domain/time.ts";
import { eventData } from "./payload.ts";

/** What filters and templates may name of an event, as text; "" where it has none. */
export const texts = {
  kind: ({ kind }) => kind,
  type: ({ type }) => type,
  status: ({ status }) => status,
  source: (_, sourceName) => sourceName,
  action_id: ({ actionId }) => actionId,
  campaign_id: ({ fields }) => fields["CampaignId"],
  campaign_name: ({ fields }) => fields["CampaignName"],
  currency: ({ currency }) => currency,
  sub_id1: ({ fields }) => fields["SubId1"],
  sub_id2: ({ fields }) => fields["SubId2"],
  sub_id3: ({ fields }) => fields["SubId3"],
  shared_id: ({ fields }) => fields["SharedId"],
  promo_code: ({ fields }) => fields["PromoCode"],
} satisfies Record<string, (event: Event, sourceName: string) => string | null | undefined>;

/** The amounts they may name: doubles in filters, exact decimal text in templates. */
export const amounts = {
  payout: ({ payout }) => payout,
  amount: ({ amount }) => amount,
} satisfies Record<string, (event: Event) => bigint | null>;

/** All names of a filter, for messages and documents. */
export const filterNames = [...Object.keys(texts), ...Object.keys(amounts), "is_test", "fields"];

/** All names of a template: those of a filter, and what only makes sense in a request. */
export const templateNames = [
  ...filterNames,
  ..."event_id timestamp occurred_at received_at unix_time data secrets".split(" "),
] as readonly string[];

/** The values of `texts`. */
export function textsOf(event: Event, sourceName: string): Record<keyof typeof texts, string> {
  const values = Object.entries(texts).map(([name, textOf]) => [name, textOf(event, sourceName) ?? ""]);
  return Object.fromEntries(values) as Record<keyof typeof texts, string>;
}

/**
 * What a template sees. Times are UTC (`2026-05-13T03:37:49Z`); `unix_time` is in seconds, of when it happened or else of when we
 * heard; `data` is that of our own webhooks, made when it is asked for.
 */
export function scopeOf(event: Event, sourceName: string, secrets: Record<string, string>): object {
  const { id, fields, isTest, occurredAt, receivedAt } = event;
  const decimals = Object.entries(amounts).map(([name, microsOf]) => {
    const micros = microsOf(event);
    return [name, micros === null ? "" : formatMoney(micros)];
  });
  let data: ReturnType<typeof eventData> | undefined;
  return {
    ...textsOf(event, sourceName),
    ...Object.fromEntries(decimals),
    is_test: isTest,
    fields,
    event_id: id,
    timestamp: formatInstant(receivedAt),
    occurred_at: occurredAt === null ? "" : formatInstant(occurredAt),
    received_at: formatInstant(receivedAt),
    unix_time: Math.floor((occurredAt ?? receivedAt) / second),
    get data() {
      data ??= eventData(event, sourceName);
      return data;
    },
    secrets,
  };
}
