import type { Ours } from "./server.ts";

const day = 86_400_000;
const sliceSize = 20_000;

/** How the rows are to lie in time: the first at `start`, each `everyMs` after the one before, the first of all with this number. */
export interface Span {
  start: number;
  everyMs: number;
  first: number;
}

/** The rows of the last ninety days, so that many events fill them evenly. */
export function ninetyDays(events: number): Span {
  return { start: Date.now() - 90 * day, everyMs: (89 * day) / events, first: 0 };
}

/**
 * Fills a database by SQL, a slice at a time: events of actions with three each (pending, approved, cleared), one delivery and one attempt
 * for each event, and one call in quarantine for a hundred. Of the deliveries 2 % are exhausted, 0.5 % cancelled, 0.1 % wait for their
 * next attempt tomorrow. It needs a source and three destinations.
 */
export async function fill(ours: Ours, events: number, span: Span): Promise<void> {
  for (let done = 0; done < events; done += sliceSize) {
    const from = span.first + done;
    const to = span.first + Math.min(events, done + sliceSize);
    for (const insert of [insertEvents, insertDeliveries, insertAttempts, insertQuarantined])
      await ours.sql(insert(numbered(from, to, span)));
  }
}

/** The numbers of a slice as `i`, with the time of each as `at`. */
function numbered(from: number, to: number, { start, everyMs, first }: Span): string {
  return `with recursive n(i) as (select ${from} union all select i + 1 from n where i < ${to - 1}),
    t as (select i, ${start} + cast((i - ${first}) * ${everyMs} as integer) as at from n)`;
}

const eventId = `printf('evt_%08x-%04x-7%03x-%04x-%012x', at >> 16, at & 65535, i & 4095, 32768 + (i & 16383), i)`;
const source = `(select id from sources order by created_at limit 1)`;
const destination = `(select id from (select id, row_number() over (order by id) as place from destinations) where place = i % 3 + 1)`;
const action = `printf('10014.4579.%d', i / 3)`;
const status = `iif(i % 3 = 0, 'PENDING', iif(i % 150 = 1, 'REVERSED', 'APPROVED'))`;
const payout = `printf('%d.%02d', (i % 90) + 1, i % 100)`;
const state = `case when i % 50 = 0 then 'exhausted' when i % 1000 = 1 then 'pending' when i % 200 = 3 then 'cancelled' else 'delivered' end`;

const fields = `json_object('CampaignName', 'Example Outdoor', 'CampaignId', '10014', 'ActionTrackerId', '17897', 'ActionId', ${action}, 'Status', ${status},
  'Payout', ${payout}, 'DeltaPayout', ${payout}, 'Amount', printf('%d.00', i % 500), 'Currency', 'USD', 'EventDate', '2026-11-20T03:25:10-05:00',
  'SubId1', printf('user-%d', i % 5000), 'LandingPageUrl', printf('https://shop.example.com/item/%d', i % 90000))`;
const query = `printf('campaign_name=Example+Outdoor&campaign_id=10014&action_tracker_id=17897&action_id=%s&status=%s&payout=%s&delta_payout=%s&amount=%d.00'
  || '&currency=USD&event_date=2026-11-20T03%%3A25%%3A10-05%%3A00&sub_id1=user-%d&landing_page_url=https%%3A%%2F%%2Fshop.example.com%%2Fitem%%2F%d',
  ${action}, ${status}, ${payout}, ${payout}, i % 500, i % 5000, i % 90000)`;
const receipt = `'GET', ${query}, '{"user-agent":"Impact-Postback-Client/1.0"}', '192.0.2.1', x''`;

function insertEvents(numbers: string): string {
  return `insert into events (id, source_id, kind, type, subject, fingerprint, action_id, status, is_test, received_at, occurred_at, currency,
      payout, delta_payout, amount, delta_amount, fields, method, query, headers, ip, body)
    ${numbers} select ${eventId}, ${source}, iif(i % 3 = 2, 'action-clearing', 'action-lifecycle'),
      case when i % 3 = 2 then 'action.cleared' when i % 3 = 0 then 'action.pending' when i % 150 = 1 then 'action.reversed' else 'action.approved' end,
      'action:' || ${action}, lower(hex(randomblob(32))), ${action}, ${status}, 0, at, at, 'USD',
      ((i % 90) + 1) * 1000000, 1000000, (i % 500) * 1000000, 0, ${fields}, ${receipt} from t`;
}

function insertDeliveries(numbers: string): string {
  return `insert into deliveries (event_id, destination_id, state, attempts, next_at, ring_at, created_at, updated_at)
    ${numbers} select ${eventId}, ${destination}, ${state}, 1, iif(${state} = 'pending', ${Date.now() + day}, at), iif(${state} = 'pending', ${Date.now() + day}, at), at, at from t`;
}

function insertAttempts(numbers: string): string {
  return `insert into attempts (event_id, destination_id, number, at, delivered, status, reason, latency_ms, response_headers, response_body)
    ${numbers} select ${eventId}, ${destination}, 1, at, ${state} = 'delivered', iif(${state} = 'delivered', 200, 500), iif(${state} = 'delivered', 'delivered', 'the answer was 500'),
      20 + i % 80, '{"content-type":"text/plain"}', 'ok' from t`;
}

function insertQuarantined(numbers: string): string {
  return `insert into quarantine (id, source_id, kind, received_at, code, detail, method, query, headers, ip, body, truncated)
    ${numbers} select ${eventId}, ${source}, 'action-lifecycle', at, 'invalid', 'payout is no amount', ${receipt}, 0 from t where i % 100 = 0`;
}
