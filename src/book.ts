import type { App } from "./app.ts";
import { ledgerOf, type Told } from "./domain/action.ts";
import { isMatter, matterOf } from "./domain/matter.ts";
import { type Action, actionOf } from "./domain/standing.ts";
import { hour } from "./domain/time.ts";
import { totalsOf } from "./domain/total.ts";
import { findMacro } from "./postback/fields.ts";
import { listActionsById } from "./store/actions.ts";
import { type News, type Pulse, readNews, writeBooks } from "./store/books.ts";
import { type Key, listEventsOf } from "./store/ledgers.ts";

type Booking = Pick<App, "db" | "now">;

/** So many events are booked at once, and so often in one go: D1 answers a thousand questions of an invocation. */
const slice = 500;
const mostSlices = 20;

/**
 * Brings the books (actions, matters, totals, pulses) up to date with the events, for `limitMs` at the most; says whether they are.
 * They follow from the events and from what impact.com's API says of those, so that this can be stopped and begun again at any time.
 */
export async function book(app: Booking, limitMs: number): Promise<boolean> {
  const end = app.now() + limitMs;
  for (let slices = 1; ; slices++) {
    const news = await readNews(app.db, slice);
    if (news.events.length === 0) return true;
    const keys = keysOf(news.events);
    await write(app, news, keys, pulsesOf(news.events));
    if (news.events.length < slice) return true;
    if (app.now() >= end || slices === mostSlices) return false;
  }
}

/** Books these subjects once more, since the API said something of them. Tries again when others are writing. */
export async function rebook(app: Booking, keys: Key[]): Promise<void> {
  for (let tries = 0; keys.length > 0 && tries < mostTries; tries++) {
    const { version } = await readNews(app.db, 0);
    if (await write(app, { position: 0, version }, keys, [])) return;
  }
}

const mostTries = 5;

async function write(app: Booking, state: Omit<News, "events">, keys: Key[], pulses: Pulse[]): Promise<boolean> {
  const told = await listEventsOf(app.db, keys);
  const ofActions = told.filter(([first]) => first?.subject?.startsWith("action:"));
  const ofMatters = told.filter(([first]) => first && isMatter(first.kind));
  const before = await listActionsById(
    app.db,
    ofActions.map(([first]) => [first?.sourceId ?? "", first?.actionId ?? ""]),
  );
  const known = new Map(before.map((action) => [`${action.sourceId}/${action.actionId}`, action]));
  const changes = ofActions.map((events) => {
    const after = actionOf(ledgerOf(events), events);
    const earlier = known.get(`${after.sourceId}/${after.actionId}`) ?? null;
    return { before: earlier, after: earlier ? goingOn(earlier, after, events) : after };
  });
  return await writeBooks(app.db, state, {
    actions: changes.map(({ after }) => after),
    totals: totalsOf(changes),
    matters: ofMatters.map(matterOf),
    pulses,
  });
}

/** An action whose first events are in the archive goes on from where they left it. */
function goingOn(before: Action, after: Action, told: Told[]): Action {
  if (told[0] === undefined || before.firstEvent >= told[0].id) return after;
  const known = Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null)) as unknown as Action;
  return {
    ...before,
    ...known,
    stage: after.stage === "tracked" ? "modified" : after.stage,
    eventDate: before.eventDate,
    gaps: Math.max(0, after.gaps - 1),
    events: before.events + told.filter(({ id }) => id > before.lastEvent).length,
    firstEvent: before.firstEvent,
  };
}

function keysOf(events: Told[]): Key[] {
  const keys = new Map<string, Key>();
  for (const { kind, sourceId, subject } of events)
    if (subject !== null && (subject.startsWith("action:") || isMatter(kind))) keys.set(`${sourceId}/${subject}`, [sourceId, subject]);
  return [...keys.values()];
}

function pulsesOf(events: Told[]): Pulse[] {
  const pulses = new Map<string, Pulse>();
  for (const event of events) {
    if (event.kind === "operational" || event.origin !== "postback") continue;
    const at = Math.floor(event.receivedAt / hour) * hour;
    const key = `${event.sourceId}/${at}`;
    const pulse = pulses.get(key) ?? { sourceId: event.sourceId, hour: at, received: 0, reversed: 0, unknown: 0 };
    pulse.received += 1;
    pulse.reversed += event.status === "REVERSED" ? 1 : 0;
    pulse.unknown += hasUnknownKey(event) ? 1 : 0;
    pulses.set(key, pulse);
  }
  return [...pulses.values()];
}

/** Whether a key came that is none of impact's names, and that no mapping leads to one. */
function hasUnknownKey({ kind, fields }: Told): boolean {
  return kind !== "operational" && Object.keys(fields).some((name) => findMacro(kind, name) === null);
}
