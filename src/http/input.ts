import * as z from "zod";
import { type Mistake, Problem } from "../domain/problem.ts";
import { formatInstant, parseDate } from "../domain/time.ts";
import { beginningOf } from "./beginning.ts";

z.config({ jitless: true }); // a Worker may not compile code at run time

/** So much may be sent to the operator's API at once. */
export const largestInput = 256 * 1024;

/** A request's JSON, held to a schema. No body counts as `{}`. Throws `undecodable`, `too_large` or `invalid_input`. */
export async function readBody(request: Request, schema: z.ZodType | undefined): Promise<unknown> {
  if (!schema) return undefined;
  return check(parse(await readText(request)), schema);
}

/** A request's body as text. Throws `too_large` as soon as it is. */
export async function readText(request: Request): Promise<string> {
  const { bytes, truncated } = await beginningOf(request.body, largestInput);
  if (truncated) throw new Problem("too_large", "The input must not be larger than 256 KB.");
  return new TextDecoder().decode(bytes);
}

/** The parameters of a URL, held to a schema. A page's form sends its empty fields along: they say nothing. Throws `invalid_input`. */
export function readQuery(url: URL, schema: z.ZodType | undefined, isPage = false): unknown {
  const given = [...url.searchParams].filter(([, value]) => !isPage || value !== "");
  return check(Object.fromEntries(given), schema ?? z.strictObject({}));
}

/** A page of a list: how many, and where to go on. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(200).default(50).describe("How many at the most."),
  cursor: z.string().optional().describe("`next` of the page before."),
};

const noCursor = "is not the `next` of a page";

/** A page of a list whose cursor is an id, like `evt_…`. */
export function pagingBy(prefix: "evt" | "gap" | "rec" | "alr" | "aud") {
  return {
    ...paging,
    cursor: z
      .string()
      .regex(new RegExp(`^${prefix}_[\\w-]+$`), noCursor)
      .optional()
      .describe("`next` of the page before."),
  };
}

/** What is said of a cursor that no page gave. */
export function wrongCursor(): Problem {
  return new Problem("invalid_input", `cursor ${noCursor}.`, [{ field: "cursor", reason: noCursor }]);
}

/** A page of what is in memory, the latest first; `rows` come oldest first, as made. Throws `invalid_input` for a cursor that no page gave. */
export function latestOf<Row extends { id: string }>(
  rows: Row[],
  isShown: (row: Row) => boolean,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): { data: Row[]; next: string | null } {
  const end = cursor === undefined ? rows.length : rows.findIndex(({ id }) => id === cursor);
  if (end === -1) throw wrongCursor();
  const shown = rows.slice(0, end).filter(isShown).reverse();
  const data = shown.slice(0, limit);
  return { data, next: shown.length > limit ? (data.at(-1)?.id ?? null) : null };
}

/** A moment in a URL, as ISO 8601. */
export const moment = z
  .string()
  .refine((text) => parseDate(text) !== null, "must be a date like 2026-05-13T11:37:49Z")
  .transform((text) => parseDate(text)?.at ?? 0)
  .optional();

/** A moment in an answer. */
export function instant(at: number | null): string | null {
  return at === null ? null : formatInstant(at);
}

function parse(text: string): unknown {
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem("undecodable", `The body must be JSON: ${error instanceof Error ? error.message : error}.`);
  }
}

/** Holds input to a schema. Throws `invalid_input` with every mistake. */
export function check(input: unknown, schema: z.ZodType): unknown {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const mistakes = result.error.issues.flatMap((issue) => mistakesOf(issue, schema));
  throw new Problem("invalid_input", mistakes.map(({ field, reason }) => `${field} ${reason}`).join("; "), mistakes);
}

function mistakesOf(issue: z.core.$ZodIssue, schema: z.ZodType): Mistake[] {
  const field = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const known = field === "" && schema instanceof z.ZodObject ? `; known are ${Object.keys(schema.shape).join(", ") || "none"}` : "";
    return issue.keys.map((key) => ({ field: [field, key].filter(Boolean).join("."), reason: `is not known here${known}` }));
  }
  if (["invalid_type", "invalid_value"].includes(issue.code) && issue.input === undefined) return [{ field, reason: "is missing" }];
  if (issue.code === "too_small" && issue.origin === "string" && issue.minimum === 1) return [{ field, reason: "must not be empty" }];
  if (issue.code === "invalid_value") return [{ field, reason: `is not one of ${choicesOf(issue.values)}` }];
  const { message } = issue.code === "invalid_key" ? (issue.issues[0] ?? issue) : issue; // of a record's key
  return [{ field: field || "(body)", reason: message.replace(/^(Invalid|Too)/, (word) => `is ${word.toLowerCase()}`) }];
}

/** More choices than these are not counted up. */
const mostChoices = 8;

function choicesOf(values: unknown[]): string {
  return values.length <= mostChoices ? values.join(", ") : "the choices";
}
