import type { Event } from "../../src/domain/event.ts";
import { Problem } from "../../src/domain/problem.ts";
import type { Source } from "../../src/domain/source.ts";
import { decode } from "../../src/postback/decode.ts";
import { normalise } from "../../src/postback/normalise.ts";
import { aReceipt, aSource } from "../kit.ts";

/** What a receipt becomes, from the door on: decoded, then normalised. Throws what they throw. */
export function read(parts: Parameters<typeof aReceipt>[0], source: Partial<Source> = {}): Event {
  const receipt = aReceipt(parts);
  return normalise(decode(receipt), receipt, aSource(source));
}

/** The problem that `work` ends in; anything else it throws goes on. Fails when it ends well. */
export function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("Expected a Problem, and there was none.");
}
