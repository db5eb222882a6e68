import { newEventId } from "./id.ts";
import type { Instant } from "./time.ts";

/** Rates that are watched, each a share of a source's calls. */
export const drifts = ["reversals", "quarantine", "duplicates", "unknown_keys"] as const;
export type Drift = (typeof drifts)[number];

/** What can be out of the ordinary with a source. */
export const alertKinds = ["silence", ...drifts] as const;
export type AlertKind = (typeof alertKinds)[number];

/** What a judgement rests on: rates as shares (0.05 is 5 %), moments in ISO 8601. */
export type Figures = Record<string, number | string>;

/** A judgement: whether something is far from what is usual, and why. */
export interface Finding {
  isFar: boolean;
  figures: Figures;
}

/** Something out of the ordinary with a source, opened once and closed when it is over, with the figures behind both. */
export interface Alert {
  id: string;
  sourceId: string;
  kind: AlertKind;
  figures: Figures;
  /** How things were when it closed. */
  closing: Figures | null;
  openedAt: Instant;
  closedAt: Instant | null;
}

/** `alr_` and a UUIDv7: sorts by the time of opening. */
export function newAlertId(at: Instant): string {
  return newEventId(at).replace("evt_", "alr_");
}

/** Why an alert was opened, for somebody who was woken by it. */
export function reasonOf({ kind, figures }: Pick<Alert, "kind" | "figures">): string {
  if (kind === "silence") {
    const { last_received_at, silent_minutes, expected } = figures;
    return `Nothing has come since ${minuteOf(last_received_at)} (${span(Number(silent_minutes))}). By the same hours of the last weeks about ${Math.round(Number(expected))} postbacks should have come. See whether impact.com still calls the URL of this source.`;
  }
  const { rate, usual_rate, count, of, since } = figures;
  const { what, todo } = sayings[kind];
  return `${percent(rate)} of what came since ${minuteOf(since)} ${what} (${count} of ${of}); usually it is ${percent(usual_rate)}. ${todo}`;
}

/** Why it was closed. */
export function endOf({ kind, openedAt, closing, closedAt }: Pick<Alert, "kind" | "openedAt" | "closing" | "closedAt">): string {
  const open = span(Math.floor(((closedAt ?? openedAt) - openedAt) / 60_000));
  if (kind === "silence")
    return `Calls come again: the last at ${minuteOf(closing?.["last_received_at"])}. The alert was open for ${open}.`;
  const { rate, usual_rate, count, of, since } = closing ?? {};
  const { what } = sayings[kind];
  return `${percent(rate)} of what came since ${minuteOf(since)} ${what} (${count} of ${of}), which is near the usual ${percent(usual_rate)}. The alert was open for ${open}.`;
}

const sayings: Record<Drift, { what: string; todo: string }> = {
  reversals: { what: "were reversals", todo: "See which campaigns they are of." },
  quarantine: {
    what: "went into quarantine",
    todo: "Each call is kept with its reason, and can be re-ingested when that is mended.",
  },
  duplicates: {
    what: "were repeats",
    todo: "Nothing is lost by them. impact.com repeats what is not answered in time, and an event notification that is set up twice sends twice.",
  },
  unknown_keys: {
    what: "had keys that are none of impact.com's",
    todo: "See whether a template was changed in impact.com; the source's mapping can name them.",
  },
};

/** `2026-05-13 03:37 UTC`. */
function minuteOf(moment: number | string | undefined): string {
  return String(moment).replace(/T(\d\d:\d\d).*Z$/, " $1 UTC");
}

function percent(share: number | string | undefined): string {
  return `${Number((Number(share ?? 0) * 100).toPrecision(3))} %`;
}

function span(minutes: number): string {
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  const parts = [days > 0 && `${days} d`, hours > 0 && `${hours} h`, days === 0 && `${rest} min`];
  return parts.filter(Boolean).join(" ");
}
