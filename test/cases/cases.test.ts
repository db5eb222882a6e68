import { expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { formatMoney, type Micros } from "../../src/domain/money.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { Source } from "../../src/domain/source.ts";
import { formatInstant } from "../../src/domain/time.ts";
import { decode } from "../../src/postback/decode.ts";
import { normalise } from "../../src/postback/normalise.ts";
import { aReceipt, aSource } from "../kit.ts";
import { problemOf } from "../postback/read.ts";

/** A call as it was recorded. `note` says what it is a case of; `encoding` is how `body` goes over the wire, UTF-8 unless said. */
interface Recorded {
  note: string;
  kind: string;
  method: string;
  query: string;
  headers: Record<string, string>;
  body?: string;
  encoding?: BufferEncoding;
  source?: Partial<Source>;
}

/** The parts of the event that a case tells of, each complete: fields and warnings that are not named must not be there. */
type Expected = Partial<ReturnType<typeof toldOf>> & { duplicateOf?: string };

interface ExpectedProblem {
  code: string;
  fields?: string[];
  detailContains?: string;
}

const requests = byName(import.meta.glob<Recorded>("./*.request.json", { eager: true, import: "default" }));
const events = byName(import.meta.glob<Expected>("./*.event.json", { eager: true, import: "default" }));
const problems = byName(import.meta.glob<ExpectedProblem>("./*.problem.json", { eager: true, import: "default" }));

test("every recorded call has one outcome, and every outcome its call", () => {
  expect(Object.keys(requests)).not.toEqual([]);
  expect([...Object.keys(events), ...Object.keys(problems)].sort()).toEqual(Object.keys(requests).sort());
});

test.each(withNotes(events))("%s: %s", (name, _note, { duplicateOf: _, ...expected }) => {
  const told = toldOf(eventOf(name));
  const parts = Object.keys(expected).map((part) => [part, told[part as keyof typeof told]]);
  expect(Object.fromEntries(parts)).toEqual(expected);
});

const duplicates = Object.entries(events).flatMap(([name, { duplicateOf }]) => (duplicateOf ? [[name, duplicateOf] as const] : []));

test.each(duplicates)("%s is the same notification as %s", (name, original) => {
  expect(eventOf(name).fingerprint).toBe(eventOf(original).fingerprint);
});

test.each(withNotes(problems))("%s: %s", (name, _note, { code, fields, detailContains = "" }) => {
  const problem = problemOf(() => eventOf(name));
  const told = { code: problem.code, ...(fields && { fields: problem.mistakes.map(({ field }) => field).sort() }) };
  expect(told).toEqual({ code, ...(fields && { fields: [...fields].sort() }) });
  expect(problem.message).toContain(detailContains);
});

function withNotes<T>(outcomes: Record<string, T>): [name: string, note: string, outcome: T][] {
  return Object.entries(outcomes).map(([name, outcome]) => [name, requests[name]?.note ?? "", outcome]);
}

function eventOf(name: string): Event {
  const recorded = requests[name];
  if (!recorded) throw new Error(`${name}.request.json is missing`);
  const receipt = receiptOf(recorded);
  return normalise(decode(receipt), receipt, aSource(recorded.source));
}

function receiptOf({ kind, method, query, headers, body = "", encoding = "utf8" }: Recorded): Receipt {
  return { ...aReceipt({ kind, method, query, headers }), body: new Uint8Array(Buffer.from(body, encoding)) };
}

/** An event as a case file tells it: amounts as decimal text, dates in UTC, warnings by their codes. */
function toldOf(event: Event) {
  return {
    type: event.type,
    status: event.status,
    actionId: event.actionId,
    subject: event.subject,
    payout: money(event.payout),
    deltaPayout: money(event.deltaPayout),
    amount: money(event.amount),
    deltaAmount: money(event.deltaAmount),
    currency: event.currency,
    isTest: event.isTest,
    occurredAt: event.occurredAt === null ? null : formatInstant(event.occurredAt),
    fields: event.fields,
    nested: event.nested,
    warnings: event.warnings.map(({ code }) => code).sort(),
  };
}

function money(micros: Micros | null): string | null {
  return micros === null ? null : formatMoney(micros);
}

function byName<T>(files: Record<string, T>): Record<string, T> {
  const named = Object.entries(files).map(([path, content]) => [path.replace(/^\.\/|\.\w+\.json$/g, ""), content] as const);
  return Object.fromEntries(named);
}
