import * as z from "zod";
import type { App } from "../app.ts";
import { kinds } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import { keep, postingOf, type Received, type Understood } from "../receive.ts";
import type { Copy } from "../store/catalog.ts";
import { type Quarantined, resolveQuarantined, saveQuarantined } from "../store/quarantine.ts";
import { endpoint } from "./endpoint.ts";
import { becameEvent, findQuarantinedOne } from "./quarantine.ts";
import { receiptAgain, sourceOfOne } from "./reread.ts";

export const reingest = endpoint({
  summary: "Take a call in quarantine once more, after a mapping was mended. It keeps its time of arrival",
  body: z.strictObject({ kind: z.enum(kinds).optional().describe("When the URL named a wrong kind, or none.") }),
  run: async ({ app, params, body }) => {
    const one = await findQuarantinedOne(app, params["id"]);
    if (one.eventId !== null) throw becameEvent(one);
    const { destinations, ...copy } = await app.catalog.anew(app.db);
    const source = sourceOfOne(copy, one);
    const receipt = receiptAgain(one, source, body.kind);
    try {
      const [received] = await keep(app, [postingOf(receipt, source, destinations)]);
      const { id, status } = received as Received;
      await resolveQuarantined(app.db, one.id, id, app.now());
      return { body: { id, status } };
    } catch (problem) {
      if (problem instanceof Problem) await saveQuarantined(app.db, { receipt, sourceId: source.id, problem });
      throw problem;
    }
  },
  form: (fields) => ({ kind: fields.text("kind") }),
  next: ({ answer: { id, status } }) => ({
    to: `/events/${id}`,
    said:
      status === "duplicate"
        ? "It says what this event has said already, so it was laid to it, and nothing was sent."
        : "It became this event. What wants it is being told.",
  }),
});

/** Takes some calls once more, in one round trip: of each, the id of its event; null for what still cannot become one, its reason renewed. */
export async function takeAgain(app: App, some: Quarantined[], copy: Copy): Promise<(string | null)[]> {
  const known = some.filter(({ sourceId }) => copy.sources.some(({ id }) => id === sourceId));
  const received =
    known.length > 0
      ? await keep(
          app,
          known.map((one) => understoodOf(one, copy)),
        )
      : [];
  const ids = new Map(known.map(({ id }, nth) => [id, received[nth]?.status === "quarantined" ? null : (received[nth]?.id ?? null)]));
  return some.map(({ id }) => ids.get(id) ?? null);
}

function understoodOf(one: Quarantined, copy: Copy): Understood {
  const source = sourceOfOne(copy, one);
  const receipt = receiptAgain(one, source);
  try {
    return postingOf(receipt, source, copy.destinations);
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    return { receipt, source, sourceId: source.id, problem };
  }
}
