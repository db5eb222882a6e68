import { arrivalsAt, breachesOfArrivals, breachesOfOrder, extra, hasEndedVisibly } from "./arrivals.ts";
import { type Evidence, sourceOf, type Verdict } from "./evidence.ts";
import { breachesOfHistory, breachesOfMoney, breachesOfSecrets } from "./history.ts";
import { hopeless, selections } from "./receivers.ts";
import { type Entry, keyOf, mostOf, type Sender } from "./sender.ts";

/** Holds the evidence to the promises of the README, one after the other. */
export function judge(evidence: Evidence): Verdict {
  const { sender, events, receivers } = evidence;
  const byKey = Map.groupBy(events, (event) => keyOf(sourceOf(event), event));
  const entries = [...sender.entries.entries()];
  const said = ({ source, saying, answers, unheard }: Entry) =>
    `${source} ${saying.kind} ${JSON.stringify(saying.fields)}, answered ${answers.map(({ eventStatus, eventId }) => `${eventStatus} ${eventId}`).join(", ")}; not answered ${unheard}`;
  const breaches: string[] = [...sender.breaches];
  let [acknowledged, stored, delivered, lost] = [0, 0, 0, 0];

  for (const [key, entry] of entries) {
    const found = byKey.get(key) ?? [];
    if (entry.isAcknowledged) {
      acknowledged += entry.count;
      stored += Math.min(found.length, entry.count);
      lost += Math.max(0, entry.count - found.length);
    }
    if (found.length < entry.count && entry.isAcknowledged) breaches.push(`promise 1: acknowledged and not stored: ${said(entry)}`);
    if (found.length > mostOf(entry))
      breaches.push(
        `promise 3: ${found.length} events for ${entry.count} notification(s): ${said(entry)}; stored ${found.map(({ id }) => id).join(", ")}`,
      );
    for (const event of found) breaches.push(...breachesOfEvent(event, entry));
    breaches.push(...breachesOfAnswers(entry, found));
  }
  const known = new Set(entries.map(([key]) => key));
  for (const [key, [event]] of byKey) if (!known.has(key)) breaches.push(`promise 3: an event that nobody sent: ${JSON.stringify(event)}`);

  const kept = sender.botched.map((one) => breachesOfBotched(one, evidence));
  acknowledged += kept.length;
  stored += kept.filter((found) => found.length === 0).length;
  lost += kept.filter((found) => found.length > 0).length;
  breaches.push(...kept.flat(), ...breachesOfIntrusions(evidence));

  const arrivedAt = new Map(receivers.receivers.map((receiver) => [receiver.name, arrivalsAt(evidence, receiver.name)]));
  for (const { name, id } of receivers.receivers) {
    const arrived = Map.groupBy(arrivedAt.get(name) ?? [], ({ headers }) => headers["webhook-id"] ?? "");
    for (const event of events) {
      const isSelected = selections[name]?.selects(event) ?? false;
      const row = evidence.deliveries.find((delivery) => delivery.event === event.id && delivery.destination === id);
      const copies = arrived.get(event.id) ?? [];
      if (!isSelected && (copies.length > 0 || row)) breaches.push(`promise 4: ${event.id} went to ${name}, which does not select it`);
      if (!isSelected) continue;
      if (!row) breaches.push(`promise 4: ${event.id} has no delivery to ${name}`);
      const isWell = hopeless.includes(name)
        ? hasEndedVisibly(row, receivers)
        : copies.some((copy) => !receivers.refused.has(copy)) && row?.state === "delivered";
      if (isWell) delivered += hopeless.includes(name) ? 0 : 1;
      else {
        lost++;
        breaches.push(`promise 4: ${event.id} to ${name}: ${copies.length} arrivals, and its delivery says ${JSON.stringify(row)}`);
      }
    }
  }
  const copies = [...arrivedAt].filter(([name]) => !hopeless.includes(name)).map(([, arrivals]) => extra(arrivals, receivers));
  const duplicated = copies.reduce((sum, count) => sum + count, 0);
  if (duplicated > 0 && !evidence.mayRepeat) breaches.push(`one request each: ${duplicated} deliveries were made twice without need`);
  breaches.push(
    ...breachesOfArrivals(evidence),
    ...breachesOfOrder(evidence),
    ...breachesOfHistory(evidence),
    ...breachesOfMoney(evidence),
    ...breachesOfSecrets(evidence),
  );
  if (receivers.trapped.length > 0) breaches.push(`promise 8: the trap heard ${receivers.trapped.length} requests`);
  return { acknowledged, stored, delivered, duplicated, lost, breaches };
}

function breachesOfEvent(event: any, { saying }: Entry): string[] {
  const { Payout: payout, DeltaPayout: delta, Currency: currency, Status: status, ActionId: action } = saying.fields;
  const wanted = {
    type: saying.type,
    status: status ?? null,
    action_id: action ?? null,
    payout: payout ?? null,
    delta_payout: delta ?? null,
    currency: currency ?? null,
    is_test: false,
  };
  return Object.entries(wanted)
    .filter(([name, value]) => event[name] !== value)
    .map(([name, value]) => `promise ${name.includes("payout") ? 6 : 1}: ${event.id} has ${name} ${event[name]}, sent was ${value}`);
}

/** Answers name the event that they are about. */
function breachesOfAnswers({ answers, unheard, saying }: Entry, found: any[]): string[] {
  const ids = new Set(found.map(({ id }) => id));
  const breaches: string[] = [];
  for (const { eventStatus, eventId } of answers) {
    const isOnly = answers.length === 1 && unheard === 0;
    if ((eventStatus !== "deferred" || isOnly) && !ids.has(eventId))
      breaches.push(`promise 3: ${eventStatus} named ${eventId}, stored is ${[...ids]} (${JSON.stringify(saying.fields)})`);
  }
  return breaches;
}

function breachesOfBotched({ bad, answer }: Sender["botched"][number], { quarantined }: Evidence): string[] {
  const found = quarantined.filter(({ receipt }) => bytesOf(receipt).includes(bad.mark) || receipt.query.includes(bad.mark));
  const wanted = Buffer.from((bad.call.body ?? "") as string);
  const isKept = found.some(({ receipt, code, kind, truncated }) => {
    const bytes = bytesOf(receipt);
    const isWhole = bad.isTruncated
      ? truncated && bytes.length > 90_000 && wanted.subarray(0, bytes.length).equals(bytes)
      : bytes.equals(wanted);
    return isWhole && receipt.query === bad.call.query && code === bad.code && kind === bad.call.kind;
  });
  const isAnswered = answer.status === bad.status || (answer.status < 300 && answer.eventStatus === "deferred");
  return [
    ...(isKept ? [] : [`promise 2: ${bad.mark} is not in quarantine as it was sent (${found.length} found)`]),
    ...(isAnswered ? [] : [`promise 2: ${bad.mark} was answered ${answer.status} ${answer.eventStatus}, not ${bad.status}`]),
  ];
}

function bytesOf({ body, body_encoding }: { body: string; body_encoding: string }): Buffer {
  return Buffer.from(body, body_encoding as BufferEncoding);
}

function breachesOfIntrusions({ sender, events, quarantined }: Evidence): string[] {
  const all = JSON.stringify([events, quarantined]);
  return sender.intrusions.flatMap(({ mark, answer }) => [
    ...(answer.status === 401 || answer.eventStatus === "deferred" ? [] : [`promise 2: a wrong token was answered ${answer.status}`]),
    ...(all.includes(mark) ? [`promise 2: a call with a wrong token was stored: ${mark}`] : []),
  ]);
}
