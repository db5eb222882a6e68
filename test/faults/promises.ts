import type { Arrival } from "../flow/far-side.ts";
import { microsOf, moneyText } from "./notifications.ts";
import { hopeless, isSigned, type Receivers, selections } from "./receivers.ts";
import { type Entry, keyOf, mostOf, type Sender } from "./sender.ts";

/** All that is known from outside after a row: the two ledgers, and what the edge tells its operator, read twice. */
export interface Evidence {
  sender: Sender;
  receivers: Receivers;
  /** The events of the row's two sources, early and in the end. */
  before: any[];
  events: any[];
  quarantined: any[];
  deliveries: any[];
  /** The states of actions, by id. */
  actions: Map<string, any>;
  /** Everything the edge has said: log lines, answers to its operator, error answers. */
  said: string;
  secrets: string[];
  /** May a delivery be made twice in this row? */
  mayRepeat: boolean;
}

/** What a row's line in the table says, and each promise that was broken. */
export interface Verdict {
  acknowledged: number;
  stored: number;
  delivered: number;
  duplicated: number;
  lost: number;
  breaches: string[];
}

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

function sourceOf({ source }: { source: string }): string {
  return source.split(" ")[0] ?? "";
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

function arrivalsAt({ receivers }: Evidence, name: string): Arrival[] {
  return receivers.arrivals.filter(({ path }) => path === `/${name}`);
}

/** How often something was sent again that had been taken, as far as the far side told. */
function extra(arrivals: Arrival[], { refused }: Receivers): number {
  const taken = arrivals.filter((arrival) => !refused.has(arrival));
  return taken.length - new Set(taken.map(({ headers }) => headers["webhook-id"])).size;
}

function hasEndedVisibly(row: any, { attemptsOfHopeless }: Receivers): boolean {
  if (!row?.reason) return false;
  return row.state === "exhausted" ? row.attempt_count >= attemptsOfHopeless : row.state === "pending" && row.attempt_count > 0;
}

/** Each arrival is signed, says what its event says, and says it the same way each time. */
function breachesOfArrivals(evidence: Evidence): string[] {
  const { receivers, events } = evidence;
  const byId = new Map(events.map((event) => [event.id, event]));
  return receivers.receivers.flatMap(({ name, secret }) => {
    const bodies = new Map<string, string>();
    return arrivalsAt(evidence, name).flatMap((arrival) => {
      const id = arrival.headers["webhook-id"] ?? "";
      const event = byId.get(id);
      if (!event) return [`promise 4: ${name} got ${id}, which is no event`];
      const { type, timestamp, data } = JSON.parse(arrival.body);
      const same = ["payout", "delta_payout", "currency", "status", "action_id", "fields", "kind", "source"].every(
        (key) => JSON.stringify(data[key]) === JSON.stringify(event[key]),
      );
      const first = bodies.get(id) ?? arrival.body;
      bodies.set(id, first);
      return [
        ...(isSigned(arrival, secret) ? [] : [`promise 4: ${id} came to ${name} with a wrong signature`]),
        ...(same && type === event.type && timestamp === event.received_at && data.event_id === id
          ? []
          : [`promise 4: ${id} came to ${name} with something else than the event: ${arrival.body}`]),
        ...(first === arrival.body ? [] : [`promise 4: ${id} came to ${name} with two bodies`]),
        ...(arrival.headers["x-house"] ? [] : [`promise 4: ${id} came to ${name} without its header`]),
      ];
    });
  });
}

/** An ordered destination hears of an action in order of effect, as far as nothing was put off on the way in. */
function breachesOfOrder(evidence: Evidence): string[] {
  const { sender, events } = evidence;
  const unsure = new Set<string | undefined>();
  for (const { saying, answers, unheard } of sender.entries.values())
    if (unheard > 0 || answers.some(({ eventStatus }) => eventStatus === "deferred")) unsure.add(saying.fields["ActionId"]);
  const firsts = [...new Set(arrivalsAt(evidence, "ordered").map(({ headers }) => headers["webhook-id"]))];
  const byId = new Map(events.map((event) => [event.id, event]));
  const heard = Map.groupBy(firsts, (id) => byId.get(id)?.action_id);
  return [...heard].flatMap(([action, ids]) => {
    if (unsure.has(action) || ids.join() === [...ids].sort().join()) return [];
    return [`promise 4: the ordered destination heard of ${action} in the order ${ids}`];
  });
}

/** Rows of events never change, and an action stands where its last step left it. */
function breachesOfHistory({ before, events, actions, sender }: Evidence): string[] {
  const byId = new Map(events.map((event) => [event.id, JSON.stringify(event)]));
  const changed = before.filter((event) => byId.get(event.id) !== JSON.stringify(event));
  const unsure = new Set<string | undefined>();
  const last = new Map<string, Entry>();
  for (const entry of sender.entries.values()) {
    const action = entry.saying.fields["ActionId"];
    if (action && entry.saying.kind.startsWith("action-")) last.set(action, entry);
    if (mostOf(entry) > entry.count) unsure.add(action);
  }
  for (const entry of sender.entries.values()) {
    const action = entry.saying.fields["ActionId"] ?? "";
    if (entry.count > 1) last.set(action, entry); // it went back to where it was
  }
  const astray = [...last].flatMap(([action, { saying, isAcknowledged }]) => {
    const { Status: state, Payout: payout, Currency: currency } = saying.fields;
    const told = actions.get(action);
    const isRight = told?.state === state && told?.payout === payout && told?.currency === currency && told?.gaps.length === 0;
    const isCleared = told?.cleared === (saying.kind === "action-clearing");
    return (isRight && isCleared) || !isAcknowledged || unsure.has(action)
      ? []
      : [`promise 5: ${action} stands at ${JSON.stringify({ ...told, events: undefined })}, should be ${state} ${payout} ${currency}`];
  });
  return [...changed.map(({ id }) => `promise 5: ${id} has changed`), ...astray];
}

/** The far side's sum is the sender's, to the last millionth. */
function breachesOfMoney(evidence: Evidence): string[] {
  const { sender, events } = evidence;
  const found = Map.groupBy(events, (event) => keyOf(sourceOf(event), event));
  const sent = [...sender.entries].map(([key, entry]) => {
    const times = Math.min(mostOf(entry), Math.max(entry.count, found.get(key)?.length ?? 0));
    return microsOf(entry.saying.fields["Payout"] ?? "0") * BigInt(times);
  });
  const bodies = new Map(arrivalsAt(evidence, "all").map(({ headers, body }) => [headers["webhook-id"], body]));
  const heard = [...bodies.values()].map((body) => microsOf(JSON.parse(body).data.payout ?? "0"));
  const [wanted, got] = [sent, heard].map((list) => list.reduce((sum, micros) => sum + micros, 0n)) as [bigint, bigint];
  return wanted === got ? [] : [`promise 6: the far side's sum is ${moneyText(got)}, the sender's ${moneyText(wanted)}`];
}

function breachesOfSecrets({ said, secrets }: Evidence): string[] {
  return secrets.flatMap((secret) => {
    const at = said.indexOf(secret);
    return at < 0 ? [] : [`promise 7: a secret was told: …${said.slice(Math.max(0, at - 200), at)}‹here›`];
  });
}
