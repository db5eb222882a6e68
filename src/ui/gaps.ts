import { gapReasons } from "../domain/gap.ts";
import { day, minute } from "../domain/time.ts";
import { addressOf } from "./actions.ts";
import { chart } from "./chart.ts";
import { filters, pick, typedIn } from "./filters.ts";
import { input } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, table } from "./parts.ts";
import { prose } from "./prose.ts";
import { reconciliationTabs } from "./reconciliations.ts";
import type { View } from "./view.ts";
import { code, count, when } from "./words.ts";

/** A gap, as our API tells it. */
export interface GapView {
  id: string;
  source: string;
  subject: string;
  type: string;
  reason: string;
  detail: string;
  noticed_at: string | null;
  late_seconds: number | null;
  event_id: string;
}

/** A source's day, as our API tells it. */
export interface CaptureView {
  source: string;
  day: string;
  captured: number;
  repaired: number;
  capture_rate: string;
}

/** What postbacks should have told and reconciliation had to. `way` is what to do where nothing was ever compared, else null. */
export function gapsPage(view: View, gaps: Listed<GapView>, sources: string[], way: Html | null = null): Page {
  const typed = typedIn(view);
  const search = filters(view, "/gaps", [
    pick(typed, { name: "source", label: "Source", of: sources }),
    pick(typed, { name: "reason", label: "Why", of: Object.keys(gapReasons) }),
    input(typed, { name: "reconciliation", label: "Reconciliation" }),
    input(typed, { name: "since", label: "Since (UTC)", type: "date" }),
  ]);
  const none = way
    ? empty("Nothing was compared yet", "With access to impact.com's API, what no postback told is found each hour, and listed here.", way)
    : empty(
        "No gap",
        "Nothing that a postback should have told was missing, as far as was compared.",
        html`<a class="button" href="/reconciliations">What was compared</a>`,
      );
  return {
    title: "Gaps",
    lead: "What a postback should have told and reconciliation had to.",
    actions: reconciliationTabs(view),
    body: [search, list(view, "gaps", gaps, (data) => rows(view, data), none)],
  };
}

function rows(view: View, gaps: GapView[]): Html {
  return table(
    "Gaps",
    [
      { head: "What", cell: ({ event_id, type }) => html`<a href="/events/${event_id}">${type}</a>` },
      { head: "Of", cell: matterOf },
      { head: "Why we think it was missed", cell: ({ detail }) => prose(detail) },
      { head: "Late by", isFigure: true, cell: ({ late_seconds }) => (late_seconds === null ? "–" : lateness(late_seconds * 1000)) },
      { head: "Source", cell: ({ source }) => source },
      { head: "Noticed", cell: ({ noticed_at }) => when(noticed_at, view.now) },
    ],
    gaps,
  );
}

/** How much came by postback, by source and day. `way` leads to where a source gets access to impact.com's API. */
export function capturePage(view: View, days: CaptureView[], way: string): Page {
  const sources = [...new Set(days.map(({ source }) => source))];
  const moments = [...new Set(days.map((one) => Date.parse(one.day)))].sort((one, other) => one - other);
  const of = (source: string, at: number) => days.find((one) => one.source === source && Date.parse(one.day) === at);
  const picture = chart("By postback, of what impact.com's API tells, in %", {
    step: "day",
    series: sources.map((name) => ({ name, show: (value) => `${value} %` })),
    points: everyDay(moments).map((at) => ({ at, values: sources.map((source) => of(source, at)?.capture_rate ?? null) })),
  });
  const figures = table(
    "Capture rate by day",
    [
      { head: "Day (UTC)", cell: ({ day: date }) => date },
      { head: "Source", cell: ({ source }) => source },
      { head: "By postback", isFigure: true, cell: ({ captured }) => count(captured) },
      { head: "Repaired", isFigure: true, cell: ({ repaired }) => count(repaired) },
      { head: "Capture rate", isFigure: true, cell: ({ capture_rate }) => `${capture_rate} %` },
    ],
    days,
  );
  return {
    title: "Capture rate",
    lead: "How much of what impact.com's API tells came by postback, of the last 30 days. 100 % means that nothing was missed; a day of which the API tells nothing has no row.",
    actions: reconciliationTabs(view),
    body:
      days.length === 0
        ? empty(
            "Nothing was compared yet",
            "With access to impact.com's API, every day has its rate here.",
            html`<a class="button primary" href="${way}">Give a source access</a>`,
          )
        : [picture, figures],
  };
}

const rooms: Record<string, string> = { action: "/actions", inquiry: "/inquiries", job: "/jobs" };

/** What a gap is of, as a way to it. A subject is like `action:1000.4636.158133`. */
function matterOf({ subject, source }: GapView): Html {
  const at = subject.indexOf(":");
  const [room, id] = [rooms[subject.slice(0, at)], subject.slice(at + 1)];
  if (!room) return code(subject);
  const way = room === "/actions" ? addressOf(id, source) : `${room}/${encodeURIComponent(id)}`;
  return html`<a class="id" href="${way}">${code(id)}</a>`;
}

function everyDay(moments: number[]): number[] {
  const [first = 0, last = 0] = [moments[0], moments.at(-1)];
  return moments.length === 0 ? [] : Array.from({ length: (last - first) / day + 1 }, (_, index) => first + index * day);
}

function lateness(ms: number): string {
  if (ms < minute) return `${Math.round(ms / 1000)} s`;
  if (ms < 60 * minute) return `${Math.round(ms / minute)} min`;
  return ms < 2 * day ? `${Math.round(ms / (60 * minute))} h` : `${Math.round(ms / day)} d`;
}
