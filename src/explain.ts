import type { App } from "./app.ts";
import type { Event } from "./domain/event.ts";
import { type Gap, type GapReason, gapReasons } from "./domain/gap.ts";
import { newTimedId } from "./domain/id.ts";
import { hoursOf, isToldNameless, macros } from "./domain/naming.ts";
import type { Instant } from "./domain/time.ts";
import type { Errand, Untold } from "./repair.ts";
import { type Hints, readHints } from "./store/gaps.ts";
import { readNamings } from "./store/namings.ts";

/** Something that no postback told, and the event that tells it now. */
export interface Made {
  one: Untold;
  event: Event;
}

/** A gap for each that a postback should have told, by the id of its event. impact.com never tells an approval by date. */
export async function gapsOf(app: App, errand: Errand, made: Made[]): Promise<Map<string, Gap>> {
  const { source } = errand;
  const missed = made.filter(({ one }) => one.reading?.kind !== "approval");
  const nameless = await namelessOf(app, errand, missed);
  const plain = new Map(missed.map((one) => [one, nameless.has(one) ? ("template_without_id" as const) : plainReason(errand, one)]));
  const unclear = missed.filter((one) => plain.get(one) === null);
  const lost = unclear.map(({ one, event }) => ({ thing: thingOf(event), kind: one.kind, at: momentOfLoss({ one, event }) }));
  const hints = lost.length > 0 ? await readHints(app.db, source.id, lost) : [];
  return new Map(
    missed.map((each): [string, Gap] => {
      const found = hints[unclear.indexOf(each)];
      const reason = plain.get(each) ?? (found ? reasonOf(found, each) : "call_lost");
      return [each.event.id, gapOf(errand, each, reason, found?.quarantined ?? null, app.now())];
    }),
  );
}

function gapOf({ source, reconciliation }: Errand, { one, event }: Made, reason: GapReason, quarantined: string | null, now: Instant): Gap {
  const more = {
    quarantined: ` It is ${quarantined}.`,
    template_without_id: ` Add ${macros[one.kind]} to the template, in impact.com under Settings, Event Notifications.`,
  };
  return {
    id: newTimedId("gap", now),
    sourceId: source.id,
    subject: event.subject ?? "",
    type: event.type,
    effectiveAt: one.effectiveAt,
    eventId: event.id,
    reason,
    detail: gapReasons[reason] + (more[reason as keyof typeof more] ?? ""),
    reconciliationId: reconciliation.id,
  };
}

/** Those that a postback may have told that did not say what it is about: it came at the time. */
async function namelessOf(app: App, { source }: Errand, missed: Made[]): Promise<Set<Made>> {
  const tellable = missed.filter(({ one }) => macros[one.kind] !== undefined && one.reading?.kind !== "correction");
  if (tellable.length === 0) return new Set();
  const hours = [...new Set(tellable.flatMap((one) => hoursOf(momentOfLoss(one))))];
  const namings = await readNamings(app.db, source.id, hours);
  return new Set(tellable.filter((made) => isToldNameless(namings, made.one.kind, momentOfLoss(made))));
}

/** So many are looked into closely in one walk; of an outage, all have the same reason. */
const mostLookedInto = 200;

/** What can be told without looking around. */
function plainReason({ source, reconciliation }: Errand, made: Made): GapReason | null {
  if (made.one.reading?.kind === "correction") return "differs";
  if (momentOfLoss(made) < source.createdAt) return "before_source";
  return reconciliation.repaired > mostLookedInto ? "call_lost" : null;
}

function reasonOf(hints: Hints, { one, event }: Made): GapReason {
  if (hints.quarantined !== null) return "quarantined";
  if (!hints.hasKind) return "kind_never_sent";
  const isChange = one.kind === "action-lifecycle" && (event.status === "REVERSED" || !isFirst(one));
  if (isChange && !hints.hasChanges) return "tracking_only";
  return hints.hasNeighbours ? "call_lost" : "nothing_came";
}

function momentOfLoss({ one, event }: Made): Instant {
  return one.effectiveAt ?? event.receivedAt;
}

function thingOf({ subject }: Event): string {
  return subject?.slice(subject.indexOf(":") + 1) ?? "";
}

/** Tracking is the step that begins at nothing. */
function isFirst({ payout, deltaPayout, amount, deltaAmount }: Untold): boolean {
  return payout === deltaPayout && amount === deltaAmount;
}
