import type { App } from "../app.ts";
import type { Event } from "../domain/event.ts";
import { day } from "../domain/time.ts";
import { isMacroName, macros } from "../postback/fields.ts";
import { isSecretKey } from "../postback/secrets.ts";
import { findConnection } from "../store/connections.ts";
import { listCallsSince } from "../store/pulses.ts";
import { listQuarantined } from "../store/quarantine.ts";
import { listEvents } from "../store/search.ts";
import { listAddresses } from "../store/sources.ts";
import { type Typed, untyped } from "../ui/form.ts";
import { type Around, sourcePage } from "../ui/source.ts";
import { accessPage, editSourcePage } from "../ui/source-form.ts";
import type { UnknownKey } from "../ui/source-mapping.ts";
import { newSourcePage, type SourceView, sourcesPage } from "../ui/sources.ts";
import { endpoint, type Next, type Shown } from "./endpoint.ts";
import { viewEvent } from "./events.ts";
import { instant } from "./input.ts";
import { keepOnce, readOnce } from "./once.ts";
import { findSource, viewSource } from "./sources.ts";

/** Among so many of a source's latest events its unknown keys are looked for. */
const latest = 200;

export const showNewSource = endpoint({
  summary: "The form of a new source",
  isPage: true,
  run: async () => ({ body: null }),
  page: () => newSourcePage(untyped),
});

export const showSourceForm = endpoint({
  summary: "The form of a source's settings",
  isPage: true,
  run: async ({ app, params }) => ({ body: viewSource(await findSource(app, params["id"])) }),
  page: async ({ app, answer }) => editSourcePage(untyped, answer, await listAddresses(app.db, answer.id)),
});

export const showAccess = endpoint({
  summary: "The form of a source's access to impact.com's API",
  isPage: true,
  run: async ({ app, params }) => ({ body: viewSource(await findSource(app, params["id"])) }),
  page: async ({ app, answer }) => accessPage(untyped, answer, await accessOf(app, answer.id)),
});

/** The form of settings, with what was typed. */
export async function sourceAgain({ app, params, typed }: { app: App; params: Record<string, string>; typed: Typed }) {
  const source = viewSource(await findSource(app, params["id"]));
  return editSourcePage(typed, source, await listAddresses(app.db, source.id));
}

/** The form of access, with what was typed but for the secret. */
export async function accessAgain({ app, params, typed }: { app: App; params: Record<string, string>; typed: Typed }) {
  const { auth_token: _, ...values } = typed.values;
  const source = viewSource(await findSource(app, params["id"]));
  return accessPage({ ...typed, values }, source, await accessOf(app, source.id));
}

/** All sources, with what came from them since yesterday. */
export async function showSources({ app, answer, view }: Shown<unknown, { data: SourceView[] }>) {
  return sourcesPage(view, answer.data, await listCallsSince(app.db, app.now() - day));
}

/** One source, with what came last and what of it was not known. */
export async function showOneSource({ app, request, answer, view }: Shown<unknown, Parameters<typeof sourcePage>[1]>) {
  const [{ events }, { quarantined }, access, ips, once] = await Promise.all([
    listEvents(app.db, { source: answer.id, limit: latest }),
    listQuarantined(app.db, { source: answer.id, resolved: false, limit: 1 }),
    accessOf(app, answer.id),
    listAddresses(app.db, answer.id),
    readOnce(app, request, `/sources/${answer.id}`),
  ]);
  const [event, refused] = [events.find(({ origin }) => origin === "postback"), quarantined[0]];
  const around: Around = {
    token: typeof once === "string" ? once : null,
    seen: {
      event: event ? viewEvent(event, new Map([[answer.id, answer.name]])) : null,
      quarantined: refused
        ? { id: refused.id, kind: refused.kind, detail: refused.detail, received_at: instant(refused.receivedAt) }
        : null,
    },
    unknown: unknownKeysOf(events),
    macros: [...new Set(Object.values(macros).flatMap((list) => list.map(({ name }) => name)))].sort(),
    ips,
    access,
  };
  return sourcePage(view, answer, around);
}

/** On to the source, which tells its new token for ten minutes. */
export async function toSource(
  { app, request }: { app: App; request: Request },
  { id, token }: { id: string; token?: string },
  said: string,
): Promise<Next> {
  const to = `/sources/${id}`;
  return { to, said, cookies: token === undefined ? [] : [await keepOnce(app, request, to, token)] };
}

async function accessOf(app: App, id: string) {
  const connection = await findConnection(app.db, id);
  return connection && { account_sid: connection.accountHint, campaign_ids: connection.campaignIds, failure: connection.failure };
}

/** Keys that name no macro, those seen most often first. What looks like a secret has no example. */
function unknownKeysOf(events: Event[]): UnknownKey[] {
  const found = new Map<string, UnknownKey>();
  for (const { fields, origin } of events)
    for (const [key, value] of Object.entries(fields)) {
      if (origin !== "postback" || isMacroName(key)) continue;
      const known = found.get(key);
      found.set(key, { key, example: known?.example ?? (isSecretKey(key) ? "" : value.slice(0, 80)), times: (known?.times ?? 0) + 1 });
    }
  return [...found.values()].sort((one, other) => other.times - one.times).slice(0, 50);
}
