import type { Event } from "../../src/domain/event.ts";
import { type Mistake, Problem } from "../../src/domain/problem.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import type { Source } from "../../src/domain/source.ts";
import { decode } from "../../src/postback/decode.ts";
import { normalise } from "../../src/postback/normalise.ts";
import { aReceipt, aSource } from "../kit.ts";

/** True when a call ends as a sound event, or as a Problem that helps; anything else that is thrown goes on. */
export function isAnswered(parts: Partial<Receipt>, source: Partial<Source> = {}): boolean {
  const receipt: Receipt = { ...aReceipt(), ...parts };
  try {
    return isSound(normalise(decode(receipt), receipt, aSource(source)), receipt);
  } catch (error) {
    if (error instanceof Problem) return isHelpful(error);
    throw error;
  }
}

export function isTextAnswered(text: string): boolean {
  return isAnswered({ body: new TextEncoder().encode(text) });
}

function isSound(event: Event, receipt: Receipt): boolean {
  const values = Object.values(event.fields);
  return (
    event.id === receipt.id &&
    /^[0-9a-f]{64}$/.test(event.fingerprint) &&
    values.every((value) => typeof value === "string" && value !== "") &&
    event.warnings.length <= 100 &&
    levelsOf(event.nested) < 100
  );
}

/** D1's JSON takes less than a thousand. */
function levelsOf(value: unknown): number {
  return typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(levelsOf)) : 0;
}

/** Says what is wrong and what to do about it, in words of bounded length; and every mistake names its field. */
function isHelpful({ code, message, mistakes }: Problem): boolean {
  const isKnown = ["undecodable", "too_large", "unknown_kind", "invalid"].includes(code);
  return (
    isKnown && message.length < 2000 && wayOut.test(message) && (code === "invalid") === mistakes.length > 0 && areNamed(message, mistakes)
  );
}

const wayOut = /\b(choose|paste|send|mend|leave it out|must|a GET URL does not have|breaks an XML template)/i;

function areNamed(message: string, mistakes: Mistake[]): boolean {
  const told = mistakes.slice(0, 10).filter(({ field }) => field !== "(all)");
  return mistakes.every(({ field, reason }) => field !== "" && reason.length > 5) && told.every(({ field }) => message.includes(field));
}
