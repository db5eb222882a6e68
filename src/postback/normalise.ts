import type { Event } from "../domain/event.ts";
import type { Fields, Warning } from "../domain/fields.ts";
import { isKind, type Kind, kinds } from "../domain/kind.ts";
import { type Micros, parseMoney } from "../domain/money.ts";
import { type Mistake, Problem } from "../domain/problem.ts";
import type { Receipt } from "../domain/receipt.ts";
import type { Source } from "../domain/source.ts";
import { parseDate } from "../domain/time.ts";
import { classify } from "./classify.ts";
import type { Decoded } from "./decode.ts";
import { findMacro } from "./fields.ts";
import { fingerprint } from "./fingerprint.ts";
import { nameFields } from "./name.ts";
import { withoutSecrets } from "./secrets.ts";
import { validate } from "./validate.ts";

/**
 * What was decoded, as an event in our words.
 * Throws `unknown_kind`, and `invalid` with every mistake named: nothing is guessed about money.
 */
export function normalise(decoded: Decoded, receipt: Receipt, source: Source): Event {
  const kind = kindOf(receipt);
  const { fields, unresolved, warnings } = nameFields(decoded.entries, kind, source.mapping);
  if (Object.keys(fields).length + Object.keys(decoded.nested).length + unresolved.length === 0) throw empty();

  const mistakes = validate(fields, kind, warnings);
  const { type, status, subject } = classify(kind, fields, mistakes);
  if (mistakes.length > 0) throw invalid(mistakes);

  const nested = withoutSecrets(decoded.nested);
  if (subject === null) warnings.unshift(noSubject(kind));
  return {
    id: receipt.id,
    sourceId: source.id,
    origin: "postback",
    kind,
    type,
    subject,
    fingerprint: fingerprint(source.id, kind, fields, nested),
    actionId: fields["ActionId"]?.trim() || null,
    status,
    isTest: unresolved.some((macro) => isTelling(macro, kind)) || looksLikeTest(fields, kind),
    receivedAt: receipt.receivedAt,
    occurredAt: occurredAt(kind, fields),
    currency: fields["Currency"]?.trim().toUpperCase() ?? null,
    payout: money(fields["Payout"] ?? fields["FinalPayout"]),
    deltaPayout: money(fields["DeltaPayout"]),
    amount: money(fields["Amount"] ?? fields["TransactionAmount"]),
    deltaAmount: money(fields["DeltaAmount"]),
    fields,
    nested,
    warnings: [...decoded.warnings, ...warnings].slice(0, mostWarnings),
  };
}

/** More than that say nothing new, and a row of D1 has an end. */
const mostWarnings = 100;

function kindOf(receipt: Receipt): Kind {
  if (isKind(receipt.kind)) return receipt.kind;
  throw new Problem(
    "unknown_kind",
    `"${receipt.kind.slice(0, 60)}" is no kind of postback. The URL must end in one of: ${kinds.join(", ")}.`,
  );
}

/** A macro left literal means a test call, unless nobody knows whether impact.com has that macro at all: then it means just that. */
function isTelling(macro: string, kind: Kind): boolean {
  return findMacro(kind, macro)?.macro.known !== false;
}

/** impact.com's own advice for a test call is the fixed value 12345678 in place of a sub id. */
function looksLikeTest(fields: Fields, kind: Kind): boolean {
  return Object.entries(fields).some(([key, value]) => {
    if (value !== "12345678") return false;
    const name = findMacro(kind, key)?.macro.name;
    return name === undefined ? /sub|click|cid/i.test(key) : /^(SubId\d|SharedId|ClickId|RefClickId)$/.test(name);
  });
}

const dateOfOccurrence: Record<Kind, string[]> = {
  "action-lifecycle": ["EventDate"],
  "action-clearing": ["ClearedDate", "EventDate"],
  "action-inquiry": ["ResolutionDate", "CreationDate", "InquiryDate"],
  "tracking-value-request": ["DatePlaced"],
  "job-completion": ["CompletedDate", "FailedDate"],
  "product-data-change": [],
};

function occurredAt(kind: Kind, fields: Fields): number | null {
  const name = dateOfOccurrence[kind].find((candidate) => fields[candidate]);
  return name ? (parseDate(fields[name] ?? "")?.at ?? null) : null;
}

function money(text: string | undefined): Micros | null {
  return text === undefined ? null : parseMoney(text);
}

function noSubject(kind: Kind): Warning {
  const detail = `No id of what this is about came with it, so only an equal postback within 24 hours counts as a repeat. Add the id's macro to the ${kind} template.`;
  return { code: "no_subject", detail };
}

function empty(): Problem {
  const detail =
    "The postback says nothing: no parameter has a value. Paste this source's URL or body template, macros included, into impact.com's settings.";
  return new Problem("invalid", detail, [{ field: "(all)", reason: "is missing" }]);
}

function invalid(mistakes: Mistake[]): Problem {
  const told = mistakes
    .slice(0, 10)
    .map(({ field, reason }) => `${field} ${reason}`)
    .join("; ");
  return new Problem(
    "invalid",
    `${told}. The postback is kept in quarantine: mend the template or this source's mapping, then re-ingest it.`,
    mistakes,
  );
}
