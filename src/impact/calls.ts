import type { Account } from "../domain/source.ts";
import { type Instant, second } from "../domain/time.ts";
import type { Span } from "./spans.ts";

/** The lists that are read, each under the key that its answer has it at. */
export type ListName = "Actions" | "ActionUpdates" | "ActionInquiries" | "Jobs";

/** One call: what follows the account's own address, and the key of the list in the answer; null where it is a single record. */
export interface Asked {
  path: string;
  list: ListName | null;
}

export const actionStates = ["PENDING", "APPROVED", "REVERSED"] as const;
export type ActionState = (typeof actionStates)[number];

/** Which date of an action a span is about: its last update, the day it locks, or the conversion. */
export type By = "updated" | "locking" | "event";

/** Source: the OpenAPI documents of Actions. StartDate and EndDate are those of the last update; both bounds belong to the span. */
const bounds = {
  updated: ["StartDate", "EndDate"],
  locking: ["LockingDateStart", "LockingDateEnd"],
  event: ["ActionDateStart", "ActionDateEnd"],
} satisfies Record<By, [string, string]>;

interface Listing {
  span: Span;
  by: By;
  /** Besides, those last updated within so long: impact.com does not say whether a list without these dates is of the last seven days. */
  updated?: Span | undefined;
  state?: ActionState | undefined;
  campaignId?: string | undefined;
}

/** The smallest page that actions and their updates come in. Source: impact.com, "List actions". */
export const pageSize = 2000;

/** Longer lists than so many pages are refused. Source: the same. */
export const mostPages = 10;

/** Actions, newest first. Asking by `locking` finds what was approved by date, which is no update. */
export function listActions(listing: Listing): Asked {
  return { path: pathOf("Actions", listed(listing)), list: "Actions" };
}

/** One record for each time an action was tracked, changed or reversed: by `updated`, the update itself. */
export function listUpdates(listing: Listing): Asked {
  return { path: pathOf("ActionUpdates", listed(listing)), list: "ActionUpdates" };
}

/** Inquiries by their CreationDate; impact.com has no filter for the day they were resolved. */
export function listInquiries({ span, status, campaignId }: { span?: Span; status?: string; campaignId?: string | undefined }): Asked {
  const parameters = { CampaignId: campaignId, ResolutionStatus: status, ...(span && within(bounds.updated, span)) };
  return { path: pathOf("ActionInquiries", parameters), list: "ActionInquiries" };
}

/**
 * Jobs made since then, and until then. Source: the OpenAPI documents of Jobs, which want a date of partners, and a time of brands. They say
 * neither whose days these are, nor whether the bounds belong to the span.
 */
export function listJobs(account: Account, { since, until }: { since: Instant; until?: Instant }): Asked {
  const text = (at: Instant) => momentOf(at, Math.floor).slice(0, account === "partner" ? 10 : undefined);
  return {
    path: pathOf("Jobs", { CreatedAfter: text(since), CreatedBefore: until === undefined ? undefined : text(until) }),
    list: "Jobs",
  };
}

export function readAction(id: string): Asked {
  return { path: `Actions/${encodeURIComponent(id)}`, list: null };
}

export function readInquiry(id: string): Asked {
  return { path: `ActionInquiries/${encodeURIComponent(id)}`, list: null };
}

export function readJob(id: string): Asked {
  return { path: `Jobs/${encodeURIComponent(id)}`, list: null };
}

function listed({ span, by, updated, state, campaignId }: Listing): Record<string, string | undefined> {
  const besides = updated ? within(bounds.updated, updated) : {};
  return { PageSize: String(pageSize), CampaignId: campaignId, State: state, ...besides, ...within(bounds[by], span) };
}

/** The seconds that the span begins and ends in, whole. */
function within([start, end]: [string, string], { since, until }: Span): Record<string, string> {
  return { [start]: momentOf(since, Math.floor), [end]: momentOf(until, Math.ceil) };
}

/** `2024-01-01T00:00:00Z`, the one form that impact.com's documents show. */
function momentOf(at: Instant, round: (seconds: number) => number): string {
  return new Date(round(at / second) * second).toISOString().replace(".000Z", "Z");
}

function pathOf(name: ListName, parameters: Record<string, string | undefined>): string {
  const given = Object.entries(parameters).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  return given.length > 0 ? `${name}?${new URLSearchParams(given)}` : name;
}
