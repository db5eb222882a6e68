import * as z from "zod";
import type { App } from "../app.ts";
import { book } from "../book.ts";
import { arrivalOf } from "../domain/id.ts";
import { inOrder, type Matter, type MatterKind, matterOf } from "../domain/matter.ts";
import { Problem } from "../domain/problem.ts";
import { listSubjectEvents } from "../store/ledgers.ts";
import { listMatters } from "../store/matters.ts";
import { bookingMs } from "./actions.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { sourceNames, viewEvent } from "./events.ts";
import { instant, paging } from "./input.ts";
import { viewFiles } from "./job-files.ts";

interface Words {
  kind: MatterKind;
  noun: string;
  /** What its subject begins with, as in `inquiry:15652378`. */
  prefix: string;
  many: string;
  states: string;
  /** What else is to be said of one. */
  more?: (call: { app: App; origin: string }, sourceId: string, id: string) => Promise<Record<string, unknown>>;
}

/** The lists of what is no action and has a life all the same. */
export const inquiries = resource({
  kind: "action-inquiry",
  noun: "inquiry",
  prefix: "inquiry:",
  many: "Action inquiries",
  states: "UNRESOLVED, VALID, DECLINED or INCOMPLETE.",
});
export const trackingValueRequests = resource({
  kind: "tracking-value-request",
  noun: "tracking value request",
  prefix: "request:",
  many: "Tracking value requests",
  states: "NEW, APPROVED, COMPLETED or DECLINED.",
});
export const jobs = resource({
  kind: "job-completion",
  noun: "job",
  prefix: "job:",
  many: "Jobs whose end was told",
  states: "COMPLETED, CANCELLED, ERROR or FAILED.",
  more: async ({ app, origin }, sourceId, id) => ({ files: await viewFiles(app, origin, sourceId, id) }),
});

function resource({ kind, noun, prefix, many, states, more }: Words): { list: Endpoint; show: Endpoint } {
  return {
    list: endpoint({
      summary: `${many}, the one that was heard of last first`,
      query: z.strictObject({ status: z.string().optional().describe(states), source: z.string().optional(), ...paging }),
      run: async ({ app, query }) => {
        const isUpToDate = await book(app, bookingMs);
        const { matters, next } = await listMatters(app.db, kind, query);
        const names = await sourceNames(app);
        return { body: { data: matters.map((matter) => view(matter, prefix, names)), next, up_to_date: isUpToDate } };
      },
    }),
    show: endpoint({
      summary: `One ${noun}, and its events in order of effect`,
      run: async ({ app, origin, params }) => {
        const id = params["id"] ?? "";
        const events = await listSubjectEvents(app.db, `${prefix}${id}`);
        const last = events.at(-1);
        if (!last) throw new Problem("not_found", `No event about this ${noun} was received.`);
        const own = events.filter(({ sourceId }) => sourceId === last.sourceId);
        const names = await sourceNames(app);
        const told = inOrder(own).map((event) => viewEvent(event, names));
        return { body: { ...view(matterOf(own), prefix, names), ...(await more?.({ app, origin }, last.sourceId, id)), events: told } };
      },
    }),
  };
}

function view(matter: Matter, prefix: string, names: Map<string, string>) {
  return {
    id: matter.subject.slice(prefix.length),
    source: names.get(matter.sourceId) ?? matter.sourceId,
    status: matter.status,
    ...(matter.kind === "action-inquiry" && { action_id: matter.actionId }),
    first_heard_at: instant(arrivalOf(matter.firstEvent)),
    last_heard_at: instant(arrivalOf(matter.lastEvent)),
  };
}
