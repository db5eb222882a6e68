import type { App } from "./app.ts";
import { book } from "./book.ts";
import { type Alert, type AlertKind, alertKinds, endOf, type Figures, type Finding, newAlertId, reasonOf } from "./domain/alert.ts";
import { judgeDrift } from "./domain/drift.ts";
import { isSilentSince, judgeSilence } from "./domain/silence.ts";
import type { Source } from "./domain/source.ts";
import { type Instant, second } from "./domain/time.ts";
import { closeAlert, listOpenAlerts, openAlert, pruneAlerts } from "./store/alerts.ts";
import { pruneDestinationPulses } from "./store/destination-pulses.ts";
import { type Heard, listHeard, prunePulses } from "./store/pulses.ts";
import { tellAll } from "./tell.ts";

type Subject = Pick<Source, "id" | "name">;

/** Of the minutes of an hour, those that can be divided by this one: one that is missed is made good by the next. */
const everyMinutes = 5;

/** Once an hour, some of what nobody needs any more is forgotten: more than an hour adds, for some hundred sources. */
const tidyingMinute = 35;

/** So long it may take to bring the books up to date. What is not in them would be missed as if it had not come. */
const bookingMs = 10 * second;

/**
 * Every five minutes: is a source silent for longer than it usually is, or one of its rates far above its usual? Opens an alert, once,
 * closes it when it is over, and tells both. Forgets what is too old to matter. It can stop at any time, and many can do it at once.
 * Nothing is judged while the books are behind.
 */
export async function watch(app: App): Promise<void> {
  const now = app.now();
  if (new Date(now).getUTCMinutes() % everyMinutes !== 0) return;
  if (!(await book(app, bookingMs))) return;
  const { sources } = await app.catalog.current(app.db);
  const [heard, open] = await Promise.all([listHeard(app.db, now), listOpenAlerts(app.db, now)]);
  for (const source of sources) {
    const own = open.filter(({ sourceId }) => sourceId === source.id);
    for (const alert of own) if (!alert.isTold) await tellOpened(app, source, alert);
    const ofSource = heard.find(({ sourceId }) => sourceId === source.id);
    if (ofSource) await judge(app, source, ofSource, own, now);
  }
  if (new Date(now).getUTCMinutes() === tidyingMinute) await tidy(app, now);
}

async function tidy({ db }: App, now: Instant): Promise<void> {
  await Promise.all([prunePulses(db, now), pruneDestinationPulses(db, now), pruneAlerts(db, now)]);
}

async function judge(app: App, source: Subject, heard: Heard, open: Alert[], now: Instant): Promise<void> {
  for (const kind of alertKinds) {
    const alert = open.find((one) => one.kind === kind);
    const { isFar, figures } = findingOf(kind, heard, alert, now);
    if (alert && !isFar) await end(app, source, alert, figures, now);
    if (!alert && isFar) await begin(app, source, { kind, figures }, now);
  }
}

function findingOf(kind: AlertKind, { pulses, lastAt }: Heard, alert: Alert | undefined, now: Instant): Finding {
  if (kind !== "silence") return judgeDrift(kind, pulses, now, alert ?? null);
  const finding = judgeSilence(pulses, lastAt, now);
  return alert ? { ...finding, isFar: isSilentSince(alert, pulses, lastAt) } : finding;
}

/** Should we die before it is told, the next to look sees that it was not. */
async function begin(app: App, source: Subject, { kind, figures }: Pick<Alert, "kind" | "figures">, now: Instant): Promise<void> {
  const alert = { id: newAlertId(now), sourceId: source.id, kind, figures, closing: null, openedAt: now, closedAt: null };
  if (await openAlert(app.db, alert)) await tellOpened(app, source, alert);
}

/** Told first: should we die in between, the next to look tells nothing twice. */
async function end(app: App, source: Subject, alert: Alert, closing: Figures, now: Instant): Promise<void> {
  const reason = endOf({ ...alert, closing, closedAt: now });
  await tellAll(app, {
    type: "operational.alert_closed",
    about: alert.id,
    fields: fieldsOf(source, alert, reason, closing),
    once: alert.id,
  });
  await closeAlert(app.db, alert.id, closing, now);
}

async function tellOpened(app: App, source: Subject, alert: Alert): Promise<void> {
  const fields = fieldsOf(source, alert, reasonOf(alert), alert.figures);
  await tellAll(app, { type: "operational.alert_opened", about: alert.id, fields, once: alert.id });
}

function fieldsOf(source: Subject, { id, kind }: Alert, reason: string, figures: Figures): Record<string, string> {
  const texts = Object.entries(figures).map(([name, figure]) => [name, String(figure)]);
  return { alert: id, alert_kind: kind, source: source.id, source_name: source.name, reason, ...Object.fromEntries(texts) };
}
