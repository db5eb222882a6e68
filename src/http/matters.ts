import * as z from "zod";
import type { App } from "../app.ts";
import { book } from "../book.ts";
import { arrivalOf } from "../domain/id.ts";
import { inOrder, type Matter, type MatterKind, matterOf } from "../domain/matter.ts";
import { Problem } from "../domain/problem.ts";
import { listSubjectEvents } from "../store/ledgers.ts";
import { listMatters } from "../store/matters.ts";
import { matterPage, type OneMatter } from "../ui/matter.ts";
import { type MatterWords, mattersPage } from "../ui/matters.ts";
import { bookingMs } from "./actions.ts";
import { type Endpoint, endpoint } from "./endpoint.ts";
import { sourceNames, viewEvent } from "./events.ts";
import { instant, pagingBy } from "./input.ts";
import { viewFiles } from "./job-files.ts";

interface Words extends MatterWords {
  kind: MatterKind;
  /** What its subject begins with, as in `inquiry:15652378`. */
  prefix: string;
  many: string;
  /** What else is to be said of one. */
  more?: (call: { app: App; origin: string }, sourceId: string, id: string) => Promise<Pick<OneMatter, "files">>;
}

/** The lists of what is no action and has a life all the same. */
export const inquiries = resource({
  kind: "action-inquiry",
  noun: "inquiry",
  prefix: "inquiry:",
  many: "Action inquiries",
  path: "/inquiries",
  title: "Inquiries",
  lead: "Questions of partners about actions that were not credited, or not as they should have been.",
  statuses: ["UNRESOLVED", "VALID", "DECLINED", "INCOMPLETE"],
  how: "An inquiry appears here when impact.com tells of it: set up event notifications for action inquiries, with the URL that a source has for them.",
});
export const trackingValueRequests = resource({
  kind: "tracking-value-request",
  noun: "tracking value request",
  prefix: "request:",
  many: "Tracking value requests",
  path: "/tracking-value-requests",
  title: "Tracking value requests",
  lead: "Requests of partners for tracking values, such as promo codes, and what became of them.",
  statuses: ["NEW", "APPROVED", "COMPLETED", "DECLINED"],
  how: "A request appears here when impact.com tells of it: set up event notifications for tracking value requests, with the URL that a source has for them.",
});
export const jobs = resource({
  kind: "job-completion",
  noun: "job",
  prefix: "job:",
  many: "Jobs whose end was told",
  path: "/jobs",
  title: "Jobs",
  lead: "Exports that impact.com worked on, and their results, where they are fetched.",
  statuses: ["COMPLETED", "CANCELLED", "ERROR", "FAILED"],
  how: "A job appears here when impact.com tells of its end: set up event notifications for job completion, with the URL that a source has for them.",
  more: async ({ app, origin }, sourceId, id) => ({ files: await viewFiles(app, origin, sourceId, id) }),
});

function resource({ kind, prefix, many, more, ...words }: Words): { list: Endpoint; show: Endpoint } {
  const { noun, statuses } = words;
  const states = `${statuses.slice(0, -1).join(", ")} or ${statuses.at(-1)}.`;
  return {
    list: endpoint({
      summary: `${many}, the one that was heard of last first`,
      query: z.strictObject({ status: z.string().optional().describe(states), source: z.string().optional(), ...pagingBy("evt") }),
      run: async ({ app, query }) => {
        const isUpToDate = await book(app, bookingMs);
        const { matters, next } = await listMatters(app.db, kind, query);
        const names = await sourceNames(app);
        return { body: { data: matters.map((matter) => view(matter, prefix, names)), next, up_to_date: isUpToDate } };
      },
      page: async ({ app, answer, view: seen }) => mattersPage(seen, words, answer, [...(await sourceNames(app)).values()]),
      again: async ({ app, view: seen, typed }) => mattersPage(seen, words, null, [...(await sourceNames(app)).values()], typed),
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
      page: ({ answer, view: seen }) => matterPage(seen, words, answer),
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
