import * as z from "zod";
import { type Line, type Order, type Place, rankOf } from "../domain/report.ts";
import { refusal, type Span } from "../domain/span.ts";
import { formatInstant } from "../domain/time.ts";

/** Where the next page of a report goes on, and the bounds of the report, which would move with the time otherwise. */
export interface Mark {
  after: Place;
  since: string;
  until: string;
}

const shape = z.tuple([z.string(), z.string().regex(/^-?\d{1,30}$/), z.string(), z.string(), z.string(), z.string()]);

/** A mark as a cursor. */
export function writeMark(line: Line, order: Order, { since, until }: Span): string {
  const parts = [order, String(rankOf(line, order)), line.value, line.currency, formatInstant(since), formatInstant(until)];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

/** Throws `invalid_input` for what is no cursor of a report in this order. */
export function readMark(cursor: string, order: Order): Mark {
  const { data } = shape.safeParse(parsed(cursor));
  if (data === undefined || data[0] !== order) throw refusal("cursor", "is not the `next` of a report in this order");
  const [, rank, value, currency, since, until] = data;
  return { after: { rank: BigInt(rank), value, currency }, since, until };
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return null;
  }
}
