import type { App } from "../app.ts";
import { book } from "../book.ts";
import { reasonOf } from "../domain/alert.ts";
import type { Source } from "../domain/source.ts";
import { day } from "../domain/time.ts";
import { isListed } from "../postback/authenticate.ts";
import { isMacroName } from "../postback/fields.ts";
import { listAlerts } from "../store/alerts.ts";
import { listAddresses, listLatestCalls } from "../store/calls.ts";
import { findConnection, listConnections } from "../store/connections.ts";
import { listCallsSince } from "../store/pulses.ts";
import { type Typed, untyped } from "../ui/form.ts";
import type { Page } from "../ui/layout.ts";
import type { Listed } from "../ui/list.ts";
import { sourcePage } from "../ui/source.ts";
import type { CallView, Heard } from "../ui/source-calls.ts";
import { connectPage } from "../ui/source-connect.ts";
import { editSourcePage } from "../ui/source-form.ts";
import { type Calls, newSourcePage, type SourceView, sourcesPage } from "../ui/sources.ts";
import type { View } from "../ui/view.ts";
import { bookingMs } from "./actions.ts";
import { endpoint, type Next, type Shown } from "./endpoint.ts";
import { viewEvent } from "./events.ts";
import { instant } from "./input.ts";
import { keepOnce, readOnce } from "./once.ts";
import { findSource, pasteable, viewSource } from "./sources.ts";

/** What a page of one source is made from. */
export interface Asked {
  app: App;
  request: Request;
  origin: string;
  params: Record<string, string>;
  view: View;
  typed: Typed;
}

export const showNewSource = endpoint({
  summary: "The form of a new source",
  isPage: true,
  run: async () => ({ body: null }),
  page: () => newSourcePage(untyped),
});

export const showConnecting = endpoint({
  summary: "What to paste into impact.com, and what came",
  isPage: true,
  run: async () => ({ body: null }),
  page: (shown) => connecting(shown),
});

export const showSourceForm = endpoint({
  summary: "The form of a source's settings",
  isPage: true,
  run: async () => ({ body: null }),
  page: (shown) => sourceForm(shown),
});

/** Sources, with what came from them since yesterday. */
export async function showSources({ app, answer, view }: Shown<unknown, Listed<SourceView>>): Promise<Page> {
  const [calls, connections] = await Promise.all([countCalls(app), listConnections(app.db)]);
  const counted = calls.map((one) => ({ ...one, duplicates: one.duplicates + app.tally.held(one.sourceId) }));
  return sourcesPage(view, answer, counted, new Map(connections.map(({ sourceId, failure }) => [sourceId, failure])));
}

/** One source, with what it sent and whether all is well with it. */
export async function showOneSource({ app, params, view }: Asked): Promise<Page> {
  const source = await findSource(app, params["id"]);
  const [{ heard, calls }, { alerts }, connection] = await Promise.all([
    listen(app, source),
    listAlerts(app.db, { state: "open", source: source.id, limit: 5 }),
    findConnection(app.db, source.id),
  ]);
  const access = connection && { account_sid: connection.accountHint, failure: connection.failure };
  return sourcePage(view, viewSource(source), { heard, calls, alerts: alerts.map(reasonOf), access });
}

/** What to paste, with the token while it may be shown, and what came. */
export async function connecting({ app, request, origin, params, view, typed }: Asked): Promise<Page> {
  const source = await findSource(app, params["id"]);
  const [{ heard }, once, { destinations }] = await Promise.all([
    listen(app, source),
    readOnce(app, request, `/sources/${source.id}`),
    app.catalog.current(app.db),
  ]);
  return connectPage(
    { ...view, path: `/sources/${source.id}/connect` },
    typed,
    { ...viewSource(source), ...pasteable(origin, "{token}") },
    {
      token: typeof once === "string" ? once : null,
      heard,
      isMacro: isMacroName,
      hasDestination: destinations.some(({ state }) => state !== "deleted"),
    },
  );
}

/** The form of settings, with what was typed, and from where the latest calls came. */
export async function sourceForm({ app, params, typed }: Asked): Promise<Page> {
  const source = await findSource(app, params["id"]);
  const callers = (await listAddresses(app.db, source.id)).map((one) => ({ ...one, is_listed: isListed(one.ip, source.allowedIps) }));
  return editSourcePage(typed, viewSource(source), callers);
}

/** On to the page that tells a new token for ten minutes. */
export async function toConnecting(
  { app, request }: { app: App; request: Request },
  { id, token }: { id: string; token: string },
  said: string,
): Promise<Next> {
  const path = `/sources/${id}`;
  return { to: `${path}/connect`, said, cookies: [await keepOnce(app, request, path, token)] };
}

/** A source's latest calls, and how many it made since yesterday. Repeats that this isolate has not written down yet count, too. */
async function listen(app: App, source: Source): Promise<{ heard: Heard; calls: Calls | null }> {
  const [{ events, refused }, all] = await Promise.all([listLatestCalls(app.db, source.id), countCalls(app)]);
  const names = new Map([[source.id, source.name]]);
  const calls: CallView[] = [
    ...events.map((event) => ({
      id: event.id,
      kind: event.kind,
      at: instant(event.receivedAt),
      event: viewEvent(event, names),
      refusal: null,
    })),
    ...refused.map(({ id, kind, receivedAt, detail }) => {
      return { id, kind, at: instant(receivedAt), event: null, refusal: { detail } };
    }),
  ];
  calls.sort((one, other) => (one.id < other.id ? 1 : -1));
  const counted = all.find(({ sourceId }) => sourceId === source.id) ?? null;
  const repeats = (counted?.duplicates ?? 0) + app.tally.held(source.id);
  return { heard: { calls: calls.slice(0, 10), repeats, lastHour: counted?.lastHour ?? null }, calls: counted };
}

/** What came from each source since yesterday, when what has just come is booked: so the overview counts, too. */
async function countCalls(app: App) {
  await book(app, bookingMs);
  return await listCallsSince(app.db, app.now() - day, app.now());
}
