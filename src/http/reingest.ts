import * as z from "zod";
import type { App } from "../app.ts";
import { type Kind, kinds } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import type { Receipt } from "../domain/receipt.ts";
import { second } from "../domain/time.ts";
import { isMacroName } from "../postback/fields.ts";
import { keep, postingOf, type Received } from "../receive.ts";
import { listQuarantined, type Quarantined, resolveQuarantined, saveQuarantined } from "../store/quarantine.ts";
import { reingestedPage } from "../ui/quarantine.ts";
import type { Would } from "../ui/quarantined.ts";
import { endpoint, type Reply } from "./endpoint.ts";
import { sourceNames, viewEvent } from "./events.ts";
import { findQuarantinedOne, showOne } from "./quarantine.ts";

const kind = z.enum(kinds).optional().describe("When the URL named a wrong kind, or none.");

export const reingest = endpoint({
  summary: "Take a call in quarantine once more, after a mapping was mended. It keeps its time of arrival",
  body: z.strictObject({ kind }),
  run: async ({ app, params, body }) => ({ body: await take(app, await findQuarantinedOne(app, params["id"]), body.kind) }),
  form: (fields) => ({ kind: fields.text("kind") }),
  next: ({ answer: { id, status } }) => ({
    to: `/events/${id}`,
    said: status === "duplicate" ? "It says what an event says already: this one." : "It became an event, and is on its way.",
  }),
});

const mostAtOnce = 200;
const limitMs = 20 * second;

/** What became of many. */
export interface Reingested {
  taken: number;
  still: number;
  /** Where to go on; null at the end. */
  next: string | null;
}

export const reingestMany = endpoint({
  summary: "Take many calls in quarantine once more, the newest first: up to 200, then on from `next`. What is still not valid stays",
  body: z.strictObject({
    source: z.string().optional().describe("A source's id or name."),
    code: z.string().optional().describe("Only those that were refused for this reason, like `invalid`."),
    cursor: z.string().optional().describe("`next` of the answer before."),
  }),
  run: async ({ app, body }): Promise<Reply<Reingested>> => {
    const { quarantined, next } = await listQuarantined(app.db, { ...body, resolved: false, limit: mostAtOnce });
    const end = app.now() + limitMs;
    const reingested: Reingested = { taken: 0, still: 0, next };
    for (const one of quarantined) {
      if (app.now() > end) break;
      const isTaken = await take(app, one, undefined).then(
        () => true,
        (problem) => {
          if (problem instanceof Problem && problem.status < 500) return false;
          throw problem;
        },
      );
      reingested[isTaken ? "taken" : "still"] += 1;
      reingested.next = one.id;
    }
    return { body: { ...reingested, next: next === null && quarantined.at(-1)?.id === reingested.next ? null : reingested.next } };
  },
  form: (fields) => ({ source: fields.text("source"), code: fields.text("code"), cursor: fields.text("cursor") }),
  page: ({ answer, body }) => reingestedPage(answer, body as { source?: string; code?: string }),
});

export const previewReingest = endpoint({
  summary: "What a call in quarantine would become with another mapping; nothing is stored or sent",
  isSafe: true,
  body: z.strictObject({
    kind,
    mapping: z
      .record(z.string().min(1).max(100), z.string().refine(isMacroName, "names no macro of impact.com, like ActionId, SubId1 or Payout"))
      .optional()
      .describe("In the place of the source's own."),
  }),
  run: async ({ app, params, body }): Promise<Reply<Would>> => {
    const one = await findQuarantinedOne(app, params["id"]);
    const { source, destinations } = await around(app, one);
    const mapping = body.mapping ?? source.mapping;
    try {
      const { event, selected } = postingOf(receiptOf(one, source.tokenHash, body.kind), { ...source, mapping }, destinations);
      const names = new Map(destinations.map(({ id, name }) => [id, name]));
      const wanting = selected.map(({ destinationId }) => names.get(destinationId) ?? destinationId);
      return {
        body: { ok: true, mapping, event: viewEvent(event, await sourceNames(app)), destinations: wanting, detail: null, errors: [] },
      };
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      return { body: { ok: false, mapping, event: null, destinations: [], detail: problem.message, errors: problem.mistakes } };
    }
  },
  form: (fields) => ({ kind: fields.text("kind"), mapping: fields.pairs("mapping") }),
  page: async ({ app, params, answer, view }) => await showOne(app, params["id"], null, view, answer),
});

/** Throws `conflict`, and what is wrong with it still. */
async function take(app: App, one: Quarantined, kind: Kind | undefined): Promise<{ id: string; status: string }> {
  if (one.eventId !== null) throw new Problem("conflict", `It was re-ingested already, as ${one.eventId}.`);
  const { source, destinations } = await around(app, one);
  const receipt = receiptOf(one, source.tokenHash, kind);
  try {
    const [received] = await keep(app, [postingOf(receipt, source, destinations)]);
    const { id, status } = received as Received;
    await resolveQuarantined(app.db, one.id, id, app.now());
    return { id, status };
  } catch (problem) {
    if (problem instanceof Problem) await saveQuarantined(app.db, { receipt, sourceId: source.id, problem });
    throw problem;
  }
}

async function around(app: App, one: Quarantined) {
  const { sources, destinations } = await app.catalog.anew(app.db);
  const source = sources.find(({ id }) => id === one.sourceId);
  if (source) return { source, destinations };
  throw new Problem("not_found", "The source of this call does not exist any more.");
}

function receiptOf(one: Quarantined, tokenHash: string, kind: Kind | undefined): Receipt {
  const { receipt, id, receivedAt, truncated } = one;
  return { ...receipt, id, receivedAt, kind: kind ?? one.kind, tokenHash, truncated };
}
