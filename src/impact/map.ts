import type { Fields } from "../domain/fields.ts";
import { type Micros, parseMoney } from "../domain/money.ts";
import { type Instant, parseDate } from "../domain/time.ts";
import { textIn } from "./json.ts";
import type { Rec } from "./page.ts";

/** A record's values as text under the names of impact.com's macros, and beside them what is no text. */
export interface Said {
  fields: Fields;
  nested: Record<string, unknown>;
}

/** An action as it is now. */
export interface ActionRecord extends Said {
  actionId: string;
  status: string;
  payout: Micros | null;
  amount: Micros | null;
  deltaPayout: Micros | null;
  deltaAmount: Micros | null;
  currency: string | null;
  eventDate: Instant | null;
  lockingDate: Instant | null;
  clearedDate: Instant | null;
}

/** One change of an action; its tracking is the first. `at` is its UpdateDate. */
export interface UpdateRecord extends Said {
  id: string;
  actionId: string;
  status: string;
  statusDetail: string | null;
  deltaPayout: Micros | null;
  deltaAmount: Micros | null;
  currency: string | null;
  at: Instant;
}

export interface InquiryRecord extends Said {
  id: string;
  status: string;
  actionId: string | null;
  createdAt: Instant | null;
  resolvedAt: Instant | null;
}

export interface JobRecord extends Said {
  id: string;
  status: string;
  completedAt: Instant | null;
}

/** A record, or why it cannot be read. */
export type Read<T> = { ok: true; record: T } | { ok: false; mistake: string };

/**
 * impact.com's API and its postbacks have different names for the same thing; these are the macros' (impact.com's field lists, §5.2 of
 * both). An update's ClearingDate keeps its name: it may lie in the future, and nothing was cleared then.
 */
const names = {
  action: { Id: "ActionId", State: "Status" },
  update: { Id: "UpdateId", State: "Status", StateDetail: "StatusDetail", ActionDate: "EventDate", EventTypeName: "ActionTrackerName" },
  inquiry: { Id: "InquiryId" },
  job: { Id: "JobId" },
} satisfies Record<string, Record<string, string>>;

export function actionOf(rec: Rec): Read<ActionRecord> {
  return reading("action", rec, ({ said, text, money, moment }) => ({
    actionId: text("ActionId"),
    status: text("Status").toUpperCase(),
    payout: money("Payout"),
    amount: money("Amount"),
    deltaPayout: money("DeltaPayout"),
    deltaAmount: money("DeltaAmount"),
    currency: said.fields["Currency"]?.trim().toUpperCase() ?? null,
    eventDate: moment("EventDate"),
    lockingDate: moment("LockingDate"),
    clearedDate: moment("ClearedDate"),
    ...said,
  }));
}

export function updateOf(rec: Rec): Read<UpdateRecord> {
  return reading("update", rec, ({ said, text, money, instant }) => ({
    id: text("UpdateId"),
    actionId: text("ActionId"),
    status: text("Status").toUpperCase(),
    statusDetail: said.fields["StatusDetail"] ?? null,
    deltaPayout: money("DeltaPayout"),
    deltaAmount: money("DeltaAmount"),
    currency: said.fields["Currency"]?.trim().toUpperCase() ?? null,
    at: instant("UpdateDate"),
    ...said,
  }));
}

export function inquiryOf(rec: Rec): Read<InquiryRecord> {
  return reading("inquiry", rec, ({ said, text, moment }) => ({
    id: text("InquiryId"),
    status: text("ResolutionStatus").toUpperCase(),
    actionId: said.fields["ActionId"]?.trim() ?? null,
    createdAt: moment("CreationDate"),
    resolvedAt: moment("ResolutionDate"),
    ...said,
  }));
}

export function jobOf(rec: Rec): Read<JobRecord> {
  return reading("job", rec, ({ said, text, moment }) => ({
    id: text("JobId"),
    status: text("Status").toUpperCase(),
    completedAt: moment("CompletedDate"),
    ...said,
  }));
}

/** What takes a record apart. Each of them throws `Unreadable`. */
interface Reader {
  said: Said;
  /** One that must be there, and so must an instant. */
  text(name: string): string;
  instant(name: string): Instant;
  money(name: string): Micros | null;
  moment(name: string): Instant | null;
}

class Unreadable extends Error {
  override readonly name = "Unreadable";
}

function reading<T>(kind: keyof typeof names, rec: Rec, take: (reader: Reader) => T): Read<T> {
  const said = saidBy(rec, names[kind]);
  try {
    return { ok: true, record: take(readerOf(said)) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const id = textIn(rec["Id"])?.slice(0, 100);
    return { ok: false, mistake: `The ${kind} ${id === undefined ? "without an id" : `"${id}"`} of impact.com's API ${error.message}.` };
  }
}

function readerOf(said: Said): Reader {
  const { fields } = said;
  const moment = (name: string) => parsed(name, fields[name], "a date", (text) => parseDate(text)?.at ?? null);
  return {
    said,
    text: (name) => present(name, fields[name]?.trim() || null),
    instant: (name) => present(name, moment(name)),
    money: (name) => parsed(name, fields[name], "an amount", parseMoney),
    moment,
  };
}

function present<T>(name: string, value: T | null): T {
  if (value === null) throw new Unreadable(`has no ${name}`);
  return value;
}

function parsed<T>(name: string, text: string | undefined, what: string, parse: (text: string) => T | null): T | null {
  if (text === undefined) return null;
  const value = parse(text);
  if (value === null) throw new Unreadable(`has a ${name} that is not ${what}: ${JSON.stringify(text.slice(0, 60))}`);
  return value;
}

/** What has one of the documented names goes before what has its new name already. */
function saidBy(rec: Rec, renamed: Record<string, string>): Said {
  const others = Object.entries(rec).filter(([key]) => !Object.hasOwn(renamed, key));
  const all = [...others, ...Object.entries(renamed).map(([key, name]) => [name, rec[key]] as const)];
  return {
    fields: Object.fromEntries(
      all.flatMap(([name, value]) => [textIn(value)].flatMap((text) => (text === undefined ? [] : [[name, text]]))),
    ),
    nested: Object.fromEntries(all.filter(([, value]) => typeof value === "object" && value !== null)),
  };
}
