import * as z from "zod";
import type { App } from "../app.ts";
import { newShortId, newToken } from "../domain/id.ts";
import { kinds } from "../domain/kind.ts";
import { Problem } from "../domain/problem.ts";
import { ipPolicies, type Source } from "../domain/source.ts";
import { second } from "../domain/time.ts";
import { hashSecret, isRange } from "../postback/authenticate.ts";
import { isMacroName } from "../postback/fields.ts";
import { templates } from "../postback/templates.ts";
import { saveSource } from "../store/sources.ts";
import { newSourcePage } from "../ui/sources.ts";
import { cameFrom } from "./back.ts";
import { endpoint } from "./endpoint.ts";
import { instant, latestOf, paging } from "./input.ts";
import { sourceChanges } from "./source-form.ts";
import { keysForm } from "./source-keys.ts";
import { connecting, showOneSource, showSources, sourceForm, toConnecting } from "./source-pages.ts";

const macroName = z.string().refine(isMacroName, "names no macro of impact.com, like ActionId, SubId1 or Payout");
const settings = {
  mapping: z.record(z.string().min(1).max(100), macroName).describe('The sender\'s key → impact\'s macro: {"cid": "SubId1"}.'),
  dedupe_window: z.number().int().min(0).max(2_592_000).describe("Seconds within which any earlier twin makes a repeat."),
  success_status: z.number().int().min(200).max(299),
  success_body: z.string().max(200).describe("What an accepted call is answered; impact.com can be set to look for it."),
  invalid_status: z.union([z.literal(422), z.literal(202)]).describe("What an invalid call is answered."),
  required_header: z.object({ name: z.string().regex(/^[\w-]{1,100}$/), value: z.string().min(1).max(1000) }).nullable(),
  allowed_ips: z.array(z.string().refine(isRange, "must be an address or a CIDR range, like 203.0.113.0/24")).max(500),
  ip_policy: z.enum(ipPolicies),
};
const name = z.string().trim().min(1).max(100);
const account = z.enum(["partner", "brand"]);
const input = z.strictObject({ name, account, ...z.object(settings).partial().shape });
const change = z.strictObject({ name, account, ...settings }).partial();

export const createSource = endpoint({
  summary: "Create a source: the answer holds its token and the URLs and templates to paste into impact.com, this once",
  body: input,
  success: 201,
  run: async ({ app, body, origin }) => {
    const token = newToken();
    const now = app.now();
    const source = changed(
      {
        id: newShortId("src"),
        name: body.name,
        account: body.account,
        tokenHash: hashSecret(token),
        previousTokenHash: null,
        previousTokenUntil: null,
        mapping: {},
        dedupeWindow: 900,
        successStatus: 200,
        successBody: "OK",
        invalidStatus: 422,
        requiredHeader: null,
        allowedIps: [],
        ipPolicy: "off",
        fetchesJobs: false,
        createdAt: now,
        updatedAt: now,
      },
      body,
      now,
    );
    await save(app, source);
    return { status: 201, body: { ...viewSource(source), token, ...pasteable(origin, token) } };
  },
  form: (fields) => ({ name: fields.text("name") ?? "", account: fields.text("account") }),
  again: ({ typed }) => newSourcePage(typed),
  next: (shown) => toConnecting(shown, shown.answer, "The source was created. Paste its URLs into impact.com."),
});

export const listSources = endpoint({
  summary: "Sources, the latest first, without their tokens",
  query: z.strictObject(paging),
  run: async ({ app, query }) => {
    const { data, next } = latestOf((await app.catalog.anew(app.db)).sources, () => true, query);
    return { body: { data: data.map(viewSource), next } };
  },
  page: (shown) => showSources(shown),
});

export const showSource = endpoint({
  summary: "One source, without its token",
  run: async ({ app, params, origin }) => ({
    body: { ...viewSource(await findSource(app, params["id"])), ...pasteable(origin, "{token}") },
  }),
  page: showOneSource,
});

export const updateSource = endpoint({
  summary: "Change a source; what is left out stays",
  body: change,
  run: async ({ app, params, body }) => {
    const source = changed(await findSource(app, params["id"]), body, app.now());
    await save(app, source);
    return { body: viewSource(source) };
  },
  form: sourceChanges,
  again: async (asked) => (asked.typed.values["form"] === "mapping" ? await keysForm(asked) : await sourceForm(asked)),
  next: ({ request, answer, body }) => ({
    to: cameFrom(request, /^\/quarantine\/[^/]+/) ?? `/sources/${answer.id}/${body.mapping === undefined ? "edit" : "keys"}`,
    said: "The source was changed. It counts at once here, and within seconds everywhere.",
  }),
});

export const rotateToken = endpoint({
  summary: "Give a source a new token; the old one stays good for a grace time",
  body: z.strictObject({ grace: z.number().int().min(0).max(604_800).default(86_400).describe("Seconds, a day unless said.") }),
  success: 201,
  run: async ({ app, params, body, origin }) => {
    const source = await findSource(app, params["id"]);
    const token = newToken();
    const rotated: Source = {
      ...source,
      tokenHash: hashSecret(token),
      previousTokenHash: source.tokenHash,
      previousTokenUntil: app.now() + body.grace * second,
      updatedAt: app.now(),
    };
    await save(app, rotated);
    return { status: 201, body: { ...viewSource(rotated), token, ...pasteable(origin, token) } };
  },
  form: (fields) => ({ grace: fields.number("grace") }),
  again: connecting,
  next: (shown) =>
    toConnecting(shown, shown.answer, "There is a new token. Paste its URLs into impact.com while the old one is still good."),
});

/** A source by its id. Throws `not_found`. */
export async function findSource(app: App, id: string | undefined): Promise<Source> {
  app.catalog.forget(); // a change is written over the whole row: it must not undo what another isolate changed within the last second
  const source = (await app.catalog.anew(app.db)).sources.find((candidate) => candidate.id === id);
  if (source) return source;
  throw new Problem("not_found", "There is no source with this id. GET /sources lists them.");
}

function changed(source: Source, input: z.infer<typeof change>, now: number): Source {
  const header = input.required_header;
  const result: Source = {
    ...source,
    name: input.name ?? source.name,
    account: input.account ?? source.account,
    mapping: input.mapping ?? source.mapping,
    dedupeWindow: input.dedupe_window ?? source.dedupeWindow,
    successStatus: input.success_status ?? source.successStatus,
    successBody: input.success_body ?? source.successBody,
    invalidStatus: input.invalid_status ?? source.invalidStatus,
    requiredHeader:
      header === undefined ? source.requiredHeader : header && { name: header.name.toLowerCase(), valueHash: hashSecret(header.value) },
    allowedIps: input.allowed_ips ?? source.allowedIps,
    ipPolicy: input.ip_policy ?? source.ipPolicy,
    updatedAt: now,
  };
  if (result.ipPolicy !== "enforce" || result.allowedIps.length > 0) return result;
  const reason = 'is empty: with ip_policy "enforce" every call would be refused';
  throw new Problem("invalid_input", `allowed_ips ${reason}.`, [{ field: "allowed_ips", reason }]);
}

async function save(app: App, source: Source): Promise<void> {
  await saveSource(app.db, source);
  app.catalog.forget();
}

/** What to paste into impact.com, for each kind. */
export function pasteable(origin: string, token: string) {
  const urls = Object.fromEntries(kinds.map((kind) => [kind, `${origin}/in/${token}/${kind}`]));
  return { urls, templates: Object.fromEntries(kinds.map((kind) => [kind, templates(kind, `${origin}/in/${token}/${kind}`)])) };
}

/** A source as our API tells it, without its token. */
export function viewSource(source: Source) {
  return {
    id: source.id,
    name: source.name,
    account: source.account,
    mapping: source.mapping,
    dedupe_window: source.dedupeWindow,
    success_status: source.successStatus,
    success_body: source.successBody,
    invalid_status: source.invalidStatus,
    required_header: source.requiredHeader?.name ?? null,
    allowed_ips: source.allowedIps,
    ip_policy: source.ipPolicy,
    previous_token_until: instant(source.previousTokenUntil),
    created_at: instant(source.createdAt),
    updated_at: instant(source.updatedAt),
  };
}
