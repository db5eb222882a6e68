import { arrivalsAt } from "./arrivals.ts";
import { type Evidence, sourceOf } from "./evidence.ts";
import { microsOf, moneyText } from "./notifications.ts";
import { type Entry, keyOf, mostOf } from "./sender.ts";

/** Rows of events never change, and an action stands where its last step left it. */
export function breachesOfHistory({ before, events, actions, sender }: Evidence): string[] {
  const byId = new Map(events.map((event) => [event.id, rowOf(event)]));
  const changed = before.filter((event) => byId.get(event.id) !== rowOf(event));
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
export function breachesOfMoney(evidence: Evidence): string[] {
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

export function breachesOfSecrets({ said, secrets }: Evidence): string[] {
  return secrets.flatMap((secret) => {
    const at = said.indexOf(secret);
    return at < 0 ? [] : [`promise 7: a secret was told: …${said.slice(Math.max(0, at - 200), at)}‹here›`];
  });
}

/** An event without its source's name, which is no part of it: while D1 cannot be asked for that, the source's id stands there. */
function rowOf({ source: _, ...event }: Evidence["events"][number]): string {
  return JSON.stringify(event);
}
