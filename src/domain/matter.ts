import type { Event } from "./event.ts";
import type { EventKind } from "./kind.ts";

/** What is no action and has a life all the same. */
export const matterKinds = ["action-inquiry", "tracking-value-request", "job-completion"] as const satisfies EventKind[];
export type MatterKind = (typeof matterKinds)[number];

/** An inquiry, a tracking value request or a job, as its events leave it. `firstEvent` and `lastEvent` are ids, by arrival. */
export interface Matter {
  sourceId: string;
  subject: string;
  kind: MatterKind;
  status: string | null;
  /** The action that an inquiry is about, or that it led to. */
  actionId: string | null;
  events: number;
  firstEvent: string;
  lastEvent: string;
}

export function isMatter(kind: EventKind): kind is MatterKind {
  return (matterKinds as readonly EventKind[]).includes(kind);
}

/** Sums up events of one matter in order of arrival (at least one). What is over does not open again because an old call comes late. */
export function matterOf(arrived: Event[]): Matter {
  const [first, last] = [arrived[0], arrived.at(-1)] as [Event, Event];
  const farthest = inOrder(arrived).at(-1) as Event;
  return {
    sourceId: first.sourceId,
    subject: first.subject ?? "",
    kind: first.kind as MatterKind,
    status: farthest.status ?? (first.kind === "action-inquiry" ? "UNRESOLVED" : null),
    actionId: arrived.findLast(({ actionId }) => actionId !== null)?.actionId ?? null,
    events: arrived.length,
    firstEvent: first.id,
    lastEvent: last.id,
  };
}

/** The events of a matter in order of effect: as far as each has come, then by arrival. */
export function inOrder(arrived: Event[]): Event[] {
  return [...arrived].sort((a, b) => progressOf(a) - progressOf(b));
}

/** Source of the words: ResolutionStatus and State in impact.com's OpenAPI documents. A job may run again, so its last word counts. */
function progressOf({ kind, status }: Event): number {
  if (kind === "action-inquiry") return status === null || status === "UNRESOLVED" ? 0 : 1;
  if (kind === "tracking-value-request") return { NEW: 0, APPROVED: 1 }[status ?? "NEW"] ?? 2;
  return 0;
}
