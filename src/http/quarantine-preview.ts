import * as z from "zod";
import type { App } from "../app.ts";
import { isKind, kinds } from "../domain/kind.ts";
import { isMacroName, macros } from "../postback/fields.ts";
import type { Quarantined } from "../store/quarantine.ts";
import { type Typed, untyped } from "../ui/form.ts";
import type { Page } from "../ui/layout.ts";
import { quarantinedPage, type Would } from "../ui/quarantined.ts";
import type { View } from "../ui/view.ts";
import { endpoint, type Reply } from "./endpoint.ts";
import { sourceNames } from "./events.ts";
import { findQuarantinedOne, viewQuarantined } from "./quarantine.ts";
import { keysOf, sourceOfOne, wouldBecome } from "./reread.ts";
import { mappingOf } from "./source-form.ts";

export const showQuarantined = endpoint({
  summary: "One call in quarantine: the reason, and what came",
  run: async ({ app, params }) => ({ body: viewQuarantined(await findQuarantinedOne(app, params["id"]), await sourceNames(app)) }),
  page: async ({ app, params, view }) => await pageOf(app, params["id"], view, null),
});

export const previewReingest = endpoint({
  summary: "What a call in quarantine would become with another mapping; nothing is stored or sent",
  isSafe: true,
  body: z.strictObject({
    kind: z.enum(kinds).optional().describe("When the URL named a wrong kind, or none."),
    mapping: z
      .record(z.string().min(1).max(100), z.string().refine(isMacroName, "names no macro of impact.com, like ActionId, SubId1 or Payout"))
      .optional()
      .describe("In the place of the source's own."),
  }),
  run: async ({ app, params, body }): Promise<Reply<Would>> => {
    const one = await findQuarantinedOne(app, params["id"]);
    return { body: wouldBecome(await app.catalog.anew(app.db), one, body.mapping, body.kind) };
  },
  form: (fields) => ({ kind: fields.text("kind"), mapping: mappingOf(fields) }),
  page: async ({ app, params, answer, view }) => await pageOf(app, params["id"], view, answer),
  again: async ({ app, params, view, typed }) => await pageOf(app, params["id"], view, null, typed),
});

/** The page of a call, with what it would become: as the source reads it now, or as it was tried. */
async function pageOf(app: App, id: string | undefined, view: View, tried: Would | null, typed: Typed = untyped): Promise<Page> {
  const one = await findQuarantinedOne(app, id);
  const copy = await app.catalog.anew(app.db);
  const { mapping, name } = sourceOfOne(copy, one);
  const would = tried ?? (one.eventId === null && typed.mistakes.length === 0 ? wouldBecome(copy, one) : null);
  const kind = kindOf(one, would);
  return quarantinedPage(view, {
    one: viewQuarantined(one, new Map([[one.sourceId, name]])),
    keys: keysOf(one, kind),
    mapping: tried?.mapping ?? mapping,
    isTried: tried !== null,
    would,
    macros: kind
      ? macros[kind].map((macro) => macro.name)
      : [...new Set(Object.values(macros).flatMap((all) => all.map((macro) => macro.name)))],
    kinds: [...kinds],
    typed,
  });
}

function kindOf(one: Quarantined, would: Would | null) {
  const kind = would?.kind ?? one.kind;
  return isKind(kind) ? kind : null;
}
