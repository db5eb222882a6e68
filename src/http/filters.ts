import * as z from "zod";
import { Problem } from "../domain/problem.ts";
import { compileFilter } from "../forward/filter.ts";
import { select } from "../forward/select.ts";
import { listEvents } from "../store/search.ts";
import { type FilterCheck, filterPage } from "../ui/filter.ts";
import { formPage } from "./destination-pages.ts";
import { blankDestination } from "./destinations.ts";
import { endpoint, type Reply } from "./endpoint.ts";
import { sourceNames } from "./events.ts";

/** Among so many of the latest events it is counted what a filter selects. */
const latest = 1000;

export const checkFilter = endpoint({
  summary: "Whether a filter is right, else where it is not, and how many of the latest 1,000 events it selects; nothing is saved",
  isSafe: true,
  body: z.strictObject({ filter: z.string().max(2000).describe("A CEL expression over an event.") }),
  form: (fields) => ({ filter: fields.values["filter"] ?? "" }),
  run: async ({ app, body: { filter } }): Promise<Reply<FilterCheck>> => {
    const mistake = mistakeIn(filter);
    if (mistake) return { body: { filter, ok: false, mistake, of: 0, selected: 0, first: [] } };
    const destination = { ...blankDestination(app.now()), filter };
    const [{ events }, names] = await Promise.all([listEvents(app.db, { limit: latest }), sourceNames(app)]);
    const selected = events.filter((event) => select(event, names.get(event.sourceId) ?? event.sourceId, [destination]).length > 0);
    return {
      body: {
        filter,
        ok: true,
        mistake: null,
        of: events.length,
        selected: selected.length,
        first: selected.slice(0, 3).map(({ id }) => id),
      },
    };
  },
  page: ({ app, answer, typed }) =>
    typed.values["form"] === "whole" ? formPage(app, typed, typed.values["destination"], { check: answer }) : filterPage(answer),
});

function mistakeIn(filter: string) {
  try {
    compileFilter(filter);
    return null;
  } catch (problem) {
    if (problem instanceof Problem) return problem.mistakes[0] ?? { field: "filter", reason: problem.message };
    throw problem;
  }
}
