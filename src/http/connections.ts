import * as z from "zod";
import { tryCredentials } from "../connect.ts";
import type { Connection } from "../domain/connection.ts";
import { Problem } from "../domain/problem.ts";
import { hashOf } from "../impact/access.ts";
import { resumeWithAccess } from "../reconcile.ts";
import { deleteConnection, findConnection, saveConnection } from "../store/connections.ts";
import type { Page } from "../ui/layout.ts";
import { accessPage } from "../ui/source-access.ts";
import { endpoint } from "./endpoint.ts";
import { instant } from "./input.ts";
import type { Asked } from "./source-pages.ts";
import { findSource, viewSource } from "./sources.ts";

const where = "in impact.com under Settings → API";
const credential = (pattern: RegExp, name: string) =>
  z
    .string()
    .trim()
    .min(1)
    .max(500)
    .refine((text) => pattern.test(text), `is no ${name}; it stands ${where}`);

const input = z.strictObject({
  account_sid: credential(/^[\w-]+$/, "AccountSID").describe(`The AccountSID, ${where}.`),
  auth_token: credential(/^[\x21-\x7e]+$/, "AuthToken").describe(`The AuthToken, ${where}; a scoped one needs Actions and ActionUpdates.`),
  campaign_ids: z
    .array(z.string().regex(/^\d{1,18}$/, "is no id of a campaign, like 10306"))
    .max(30)
    .default([])
    .describe("The campaigns to read; needed for a brand. None: all of a partner's."),
});

export const putConnection = endpoint({
  summary: "Give a source access to impact.com's API, for reconciliation: the credentials are tried first, and kept encrypted",
  body: input,
  run: async ({ app, params, body, origin }) => {
    const source = await findSource(app, params["id"]);
    const campaignIds = [...new Set(body.campaign_ids)];
    if (source.account === "brand" && campaignIds.length === 0) throw campaignsMissing();
    const { account_sid: accountSid, auth_token: authToken } = body;
    const access = { api: app.config.impactApi, account: source.account, accountSid, authToken };
    const abilities = await tryCredentials(app, access, campaignIds);
    const now = app.now();
    const before = await findConnection(app.db, source.id);
    const saved = await saveConnection(app.db, {
      sourceId: source.id,
      sealed: await app.seal.sealText(JSON.stringify({ accountSid, authToken })),
      accountHash: hashOf(access),
      accountHint: hintOf(accountSid),
      campaignIds,
      abilities,
      origin,
      watermark: now,
      nextUpdatesAt: now,
      nextStatesAt: now,
      failure: null,
      createdAt: now,
      updatedAt: now,
    });
    app.catalog.forget();
    await resumeWithAccess(app, before, saved);
    return { body: view(saved) };
  },
  form: (fields) => ({
    account_sid: fields.text("account_sid") ?? "",
    auth_token: fields.text("auth_token") ?? "",
    campaign_ids: fields.text("campaign_ids")?.split(/[\s,]+/) ?? [],
  }),
  again: accessForm,
  next: ({ answer }) => ({
    to: `/sources/${answer.source_id}/access`,
    said: "The credentials work. Reconciliation begins within a minute.",
  }),
});

export const showConnection = endpoint({
  summary: "A source's access to impact.com's API, without the credentials: what it can do, and how far reconciliation has come with it",
  run: async ({ app, params }) => {
    const connection = await findConnection(app.db, (await findSource(app, params["id"])).id);
    if (connection) return { body: view(connection) };
    throw new Problem("not_found", "This source has no access to impact.com's API. PUT its AccountSID and AuthToken here.");
  },
});

export const showAccess = endpoint({
  summary: "A source's access to impact.com's API, and the form that gives it",
  isPage: true,
  run: async () => ({ body: null }),
  page: (shown) => accessForm(shown),
});

export const removeConnection = endpoint({
  summary: "Take a source's access to impact.com's API away, and forget the credentials",
  success: 204,
  run: async ({ app, params }) => {
    await deleteConnection(app.db, (await findSource(app, params["id"])).id);
    app.catalog.forget();
    return { status: 204, body: null };
  },
  form: () => ({}),
  next: ({ params }) => ({ to: `/sources/${params["id"]}/access`, said: "The access was taken away, and its credentials forgotten." }),
});

/** The form of access, with what was typed but for the secret. */
async function accessForm({ app, params, view: shown, typed }: Asked): Promise<Page> {
  const { auth_token: _, ...values } = typed.values;
  const source = await findSource(app, params["id"]);
  const connection = await findConnection(app.db, source.id);
  return accessPage(shown, { ...typed, values }, viewSource(source), connection && view(connection));
}

function campaignsMissing(): Problem {
  const reason = "is empty: impact.com lists a brand's actions campaign by campaign, so their ids are needed";
  return new Problem("invalid_input", `campaign_ids ${reason}.`, [{ field: "campaign_ids", reason }]);
}

/** Beginning and end of an AccountSID, where there is enough between them. */
function hintOf(accountSid: string): string {
  return accountSid.length < 16 ? `${accountSid.slice(0, 2)}…` : `${accountSid.slice(0, 2)}…${accountSid.slice(-4)}`;
}

function view(connection: Connection) {
  return {
    source_id: connection.sourceId,
    account_sid: connection.accountHint,
    campaign_ids: connection.campaignIds,
    abilities: connection.abilities,
    watermark: instant(connection.watermark),
    next_updates_at: instant(connection.nextUpdatesAt),
    next_states_at: instant(connection.nextStatesAt),
    failure: connection.failure,
    created_at: instant(connection.createdAt),
    updated_at: instant(connection.updatedAt),
  };
}
