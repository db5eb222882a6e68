import * as z from "zod";
import type { App } from "../app.ts";
import { deliveryId, deliveryStates, parseDeliveryId } from "../domain/delivery.ts";
import { endOfArrivals, newShortId } from "../domain/id.ts";
import { Problem } from "../domain/problem.ts";
import { payloadChoices, type Recovery } from "../domain/recovery.ts";
import { compileFilter } from "../forward/filter.ts";
import { preview } from "../recover.ts";
import { ring } from "../ring.ts";
import { listDeliveries } from "../store/attempts.ts";
import { cancelRecovery, findRecovery, type RecoveryKey, saveRecovery, listRecoveries as search } from "../store/recoveries.ts";
import { newRecoveryPage, recoveriesPage, recoveryPage } from "../ui/recoveries.ts";
import { type Around, type Preview, recoveryPreviewPage } from "../ui/recovery-preview.ts";
import { destinationNames } from "./deliveries.ts";
import { findDestination } from "./destinations.ts";
import { endpoint, type Reply } from "./endpoint.ts";
import { eventNames } from "./event-names.ts";
import { instant, moment, paging, wrongCursor } from "./input.ts";

/** What the form of a recovery sends; its page takes the same, so that what was previewed can be changed. */
const formFields = ["destination", ...deliveryStates.map((state) => `state.${state}`), "since", "until", "filter", "payload", "rate"];

/** So many deliveries are looked at for their states where a preview finds nothing. */
const mostLatest = 500;

export const createRecovery = endpoint({
  summary: "Send many deliveries again, oldest first. With ?preview only tells how many, and the first ten",
  isSafe: (query) => (query as { preview?: string }).preview !== undefined,
  query: z.strictObject({ preview: z.enum(["", "true", "1"]).optional().describe("Count only.") }),
  body: z.strictObject({
    destination: z.string().optional().describe("A destination's id; else all."),
    states: z.array(z.enum(deliveryStates)).min(1).default(["exhausted"]).describe("The states that deliveries are in now."),
    since: moment.describe("Events received from then on; else all."),
    until: moment.describe("Events received before then; else until now."),
    filter: z.string().max(2000).default("").describe("A CEL expression over the event."),
    payload: z
      .enum(payloadChoices)
      .default("original")
      .describe("original: what was sent first. rebuilt: with today's template, and only what today's filter selects."),
    rate: z.number().int().min(1).max(1000).default(100).describe("So many a second at the most."),
  }),
  success: 201,
  run: async ({ app, query, body }): Promise<Reply<Preview | ReturnType<typeof view>>> => {
    const destination = body.destination === undefined ? null : await findDestination(app, body.destination);
    compileFilter(body.filter);
    const now = app.now();
    const scope = {
      destinationId: destination?.id ?? null,
      states: body.states,
      since: body.since ?? 0,
      until: body.until ?? endOfArrivals(now),
      filter: body.filter.trim(),
      payload: body.payload,
    };
    const { count, isComplete, first } = await preview(app, scope);
    if (query.preview !== undefined) {
      const ids = first.map(([eventId, destinationId]) => deliveryId({ eventId, destinationId }));
      return { body: { count, is_complete: isComplete, first: ids } };
    }
    const recovery: Recovery = {
      ...scope,
      id: newShortId("rcv"),
      rate: body.rate,
      state: "running",
      total: isComplete ? count : null,
      reopened: 0,
      delivered: 0,
      failed: 0,
      cursor: [],
      createdAt: now,
      updatedAt: 0,
    };
    await saveRecovery(app.db, recovery);
    await ring(app, [recovery.id]);
    return { status: 201, body: view(recovery) };
  },
  form: (fields) => ({
    destination: fields.text("destination"),
    states: deliveryStates.filter((state) => fields.flag(`state.${state}`)),
    since: fields.text("since"),
    until: fields.text("until"),
    filter: fields.text("filter") ?? "",
    payload: fields.text("payload"),
    rate: fields.number("rate"),
  }),
  again: async ({ app, typed }) => newRecoveryPage(typed, await destinationNames(app)),
  next: ({ answer }) => ("count" in answer ? null : { to: `/recoveries/${answer.id}`, said: "The recovery has begun." }),
  page: async ({ app, answer, typed }) =>
    recoveryPreviewPage(answer as Preview, typed.values, await lookAround(app, answer as Preview, typed.values["destination"])),
});

export const showNewRecovery = endpoint({
  summary: "The form of a new recovery",
  isPage: true,
  query: z.strictObject(Object.fromEntries(formFields.map((name) => [name, z.string().optional()]))),
  run: async () => ({ body: null }),
  page: async ({ app, view: shown }) => newRecoveryPage({ values: shown.query, mistakes: [] }, await destinationNames(app)),
});

export const listRecoveries = endpoint({
  summary: "Recoveries, the latest first",
  query: z.strictObject(paging),
  run: async ({ app, query: { cursor, limit } }) => {
    const { recoveries, next } = await search(app.db, { cursor: cursor === undefined ? undefined : keyOf(cursor), limit });
    return { body: { data: recoveries.map(view), next: next?.join(":") ?? null } };
  },
  page: async ({ app, answer, view: shown }) => recoveriesPage(shown, answer, await destinationNames(app)),
});

export const showRecovery = endpoint({
  summary: "How far a recovery has come: finished says that all was opened again; `pending` of it is still on its way",
  run: async ({ app, params }) => ({ body: view(await find(app.db, params["id"])) }),
  page: async ({ app, answer, view: shown }) => recoveryPage(shown, answer, await destinationNames(app)),
});

export const stopRecovery = endpoint({
  summary: "Cancel a recovery: nothing more is opened; what it has opened already still arrives",
  run: async ({ app, params }) => {
    const { id, state } = await find(app.db, params["id"]);
    if (!(await cancelRecovery(app.db, id, app.now()))) throw new Problem("conflict", `It is ${state} and cannot be cancelled.`);
    return { body: view(await find(app.db, id)) };
  },
  form: () => ({}),
  next: ({ answer }) => ({ to: `/recoveries/${answer.id}`, said: "The recovery was cancelled. What it had opened already still arrives." }),
});

/** What is shown with a preview. `asked` is the destination's id, if one was chosen. */
async function lookAround(app: App, { count, first }: Preview, asked = ""): Promise<Around> {
  const names = await destinationNames(app);
  const keys = first.flatMap((id) => parseDeliveryId(id) ?? []);
  const ids = keys.map(({ eventId }) => eventId);
  const [events, latest] = await Promise.all([
    eventNames(app, ids),
    count > 0 ? null : listDeliveries(app.db, { destination: asked || undefined, limit: mostLatest }),
  ]);
  return {
    to: asked === "" ? "any destination" : (names.get(asked) ?? asked),
    first: keys.map((key) => ({
      id: deliveryId(key),
      event: events.get(key.eventId) ?? key.eventId,
      destination: names.get(key.destinationId) ?? key.destinationId,
    })),
    latest: latest?.deliveries.map(({ state }) => state) ?? null,
    isAll: latest?.next === null,
  };
}

function keyOf(cursor: string): RecoveryKey {
  const [at, id] = cursor.split(":");
  if (id !== undefined && /^\d{1,15}$/.test(at ?? "")) return [Number(at), id];
  throw wrongCursor();
}

async function find(db: D1Database, id = ""): Promise<Recovery> {
  const recovery = await findRecovery(db, id);
  if (recovery) return recovery;
  throw new Problem("not_found", "There is no recovery with this id. GET /recoveries lists them.");
}

function view(recovery: Recovery) {
  const { total, reopened, delivered, failed } = recovery;
  return {
    id: recovery.id,
    state: recovery.state,
    destination: recovery.destinationId,
    states: recovery.states,
    since: instant(recovery.since),
    until: instant(recovery.until),
    filter: recovery.filter,
    payload: recovery.payload,
    rate: recovery.rate,
    progress: { total, reopened, delivered, failed, pending: reopened - delivered - failed },
    created_at: instant(recovery.createdAt),
    updated_at: recovery.updatedAt === 0 ? null : instant(recovery.updatedAt),
  };
}
