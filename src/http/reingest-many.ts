import * as z from "zod";
import type { App } from "../app.ts";
import { Problem } from "../domain/problem.ts";
import { second } from "../domain/time.ts";
import { countWaiting, listWaiting, resolveWaiting } from "../store/waiting.ts";
import { address } from "../ui/html.ts";
import { type Reingesting, reingestPage } from "../ui/reingest.ts";
import { endpoint, type Reply } from "./endpoint.ts";
import { takeAgain } from "./reingest.ts";

const scope = {
  source: z.string().optional().describe("A source's id or name."),
  code: z.string().optional().describe("Only those that were refused for this reason, like `invalid`."),
  cursor: z.string().optional().describe("`next` of the answer before."),
};

/** So many are taken in one round trip, and for so long slices are begun in one call. */
const sliceSize = 50;
const runMs = 10 * second;
const mostCounted = 100_000;

export const reingestMany = endpoint({
  summary:
    "Re-ingest many calls in quarantine, the oldest first: up to `limit`, then on from `next` until that is null. What is still wrong stays",
  body: z.strictObject({ ...scope, limit: z.number().int().min(1).max(500).default(100).describe("How many at the most in this call.") }),
  run: async ({ app, body: { limit, ...asked } }): Promise<Reply<Reingesting>> => {
    const copy = await app.catalog.anew(app.db);
    const end = app.now() + runMs;
    const walk = walkOf(asked.cursor);
    for (let room = limit; room > 0 && app.now() < end; room -= sliceSize) {
      const some = await listWaiting(app.db, { ...asked, after: walk.after }, Math.min(room, sliceSize));
      if (some.length === 0) break;
      const ids = await takeAgain(app, some, copy);
      const resolved = some.flatMap(({ id }, nth): [string, string][] => (ids[nth] ? [[id, ids[nth]]] : []));
      await resolveWaiting(app.db, resolved, app.now());
      walk.taken += resolved.length;
      walk.still += some.length - resolved.length;
      walk.after = some.at(-1)?.id ?? walk.after;
    }
    return { body: await standOf(app, asked, walk) };
  },
  form: (fields) => ({ source: fields.text("source"), code: fields.text("code"), cursor: fields.text("cursor") }),
  next: ({ answer, body: { source, code } }) => ({
    to: address("/quarantine/reingest", { source, code, cursor: answer.next ?? cursorOf({ ...answer, after: theEnd }) }),
    said: "",
  }),
});

export const showReingest = endpoint({
  summary: "How far re-ingesting many has come, and the button to go on",
  isPage: true,
  query: z.strictObject(scope),
  run: async ({ app, query }) => ({ body: await standOf(app, query, walkOf(query.cursor)) }),
  page: ({ answer, request, query }) => reingestPage(answer, query, request.headers.has("hx-request")),
});

/** How far a walk has come: what became of those up to `after`. */
interface Walk {
  taken: number;
  still: number;
  after: string;
}

const theEnd = "~"; // sorts behind every id

/** The cursor says all there is to know of a walk, so that it can be left and come back to. Throws `invalid_input`. */
function walkOf(cursor: string | undefined): Walk {
  if (cursor === undefined) return { taken: 0, still: 0, after: "" };
  const [, taken, still, after] = /^(\d{1,9})\.(\d{1,9})\.(evt_[\w-]+|~|)$/.exec(cursor) ?? [];
  if (after !== undefined) return { taken: Number(taken), still: Number(still), after };
  const reason = "is none that was given as `next`";
  throw new Problem("invalid_input", `cursor ${reason}.`, [{ field: "cursor", reason }]);
}

function cursorOf({ taken, still, after }: Walk): string {
  return `${taken}.${still}.${after}`;
}

async function standOf(app: App, asked: { source?: string | undefined; code?: string | undefined }, walk: Walk): Promise<Reingesting> {
  const { taken, still, after } = walk;
  const left = await countWaiting(app.db, { ...asked, after }, mostCounted);
  return { taken, still, left, next: left === 0 ? null : cursorOf(walk) };
}
