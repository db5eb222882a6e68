import type { App } from "./app.ts";
import { callWith, type Result } from "./call.ts";
import type { Ability } from "./domain/connection.ts";
import { Problem } from "./domain/problem.ts";
import type { Account } from "./domain/source.ts";
import { type Instant, minute, second } from "./domain/time.ts";
import type { Access } from "./impact/access.ts";
import { type Asked, listActions, listInquiries, listJobs, listUpdates } from "./impact/calls.ts";

/** Somebody waits for the answer, and should not have to begin again for one lost connection. */
const effort = { tries: 2, timeLimitMs: 8 * second };

type Refused = Extract<Result, { ok: false }>;

const scopes = { actions: "Actions", updates: "ActionUpdates", inquiries: "ActionInquiries", jobs: "Jobs" } satisfies Record<
  Ability,
  string
>;
const where = "in impact.com under Settings → API";

/**
 * Tries credentials with the smallest calls there are, and tells what they can do. Throws `invalid_input` when they cannot read actions
 * and their updates, and `unavailable` while impact.com does not say.
 */
export async function tryCredentials(app: App, access: Access, campaignIds: string[]): Promise<Record<Ability, string>> {
  const { account } = access;
  const [campaignId, ...others] = campaignIds;
  const listing = { span: { since: app.now() - minute, until: app.now() }, by: "updated", campaignId } as const;
  const ask = (asked: Asked) => callWith(app, access, asked, effort);

  const actions = await ask(listActions(listing));
  if (!actions.ok && (await isOfOtherKind(app, access, actions, listing))) throw otherKind(account);
  needed("actions", actions, account, app.now());

  const [updates, inquiries, jobs, ...rest] = await Promise.all([
    ask(listUpdates(listing)),
    ask(listInquiries(listing)),
    ask(listJobs(account, { since: listing.span.since })),
    ...others.map((campaignId) => ask(listActions({ ...listing, campaignId }))),
  ]);
  needed("updates", updates, account, app.now());
  for (const campaign of rest) needed("actions", campaign, account, app.now());
  return { actions: "ok", updates: "ok", inquiries: wordOf("inquiries", inquiries, app.now()), jobs: wordOf("jobs", jobs, app.now()) };
}

/**
 * Whether what was refused are credentials of the other side of the marketplace: each has addresses of its own. A brand's actions cannot
 * be listed without a campaign; that impact.com finds fault with that shows too that it took the credentials.
 */
async function isOfOtherKind(app: App, access: Access, { kind }: Refused, listing: Parameters<typeof listActions>[0]): Promise<boolean> {
  if (!["unauthorized", "forbidden", "not_found"].includes(kind)) return false;
  const account = otherOf(access.account);
  for (const asked of [listJobs(account, { since: listing.span.since }), listActions(listing)]) {
    const result = await callWith(app, { ...access, account }, asked, effort);
    if (result.ok || result.kind === "refused") return true;
    if (result.kind !== "forbidden" && result.kind !== "not_found") return false;
  }
  return false;
}

function otherOf(account: Account): Account {
  return account === "partner" ? "brand" : "partner";
}

function otherKind(account: Account): Problem {
  const reason = `belongs to a ${otherOf(account)} account, and this source is of a ${account}: change the source's account, or use others`;
  return mistake("account_sid", `These are the credentials of another kind of account: the AccountSID ${reason}.`, reason);
}

/** Throws why an ability that reconciliation cannot do without is not there. */
function needed(ability: Ability, result: Result, account: Account, now: Instant): void {
  if (result.ok) return;
  const { kind, reason } = result;
  if (kind === "unauthorized") {
    const wrong = `or the AccountSID is wrong: impact.com knows no such pair. Copy both again; they stand ${where}`;
    throw mistake("auth_token", `AccountSID or AuthToken is wrong. Copy both again; they stand ${where}.`, wrong);
  }
  if (kind === "forbidden") {
    const lacking = `lacks the scope ${scopes[ability]}: Actions and ActionUpdates are needed. Give it both, ${where}`;
    throw mistake("auth_token", `The AuthToken ${lacking}.`, lacking);
  }
  if (kind === "not_found") {
    const unknown = `has no ${scopes[ability]} in impact.com's API. Copy it again; it stands ${where}`;
    throw mistake("account_sid", `The AccountSID ${unknown}.`, unknown);
  }
  if (kind !== "refused") throw away(result, now);
  throw mistake(account === "brand" ? "campaign_ids" : "account_sid", `${reason}. Nothing was saved.`, reason);
}

/** What an ability that reconciliation can do without is: `ok`, or why it is not there. Throws while impact.com does not say. */
function wordOf(ability: Ability, result: Result, now: Instant): string {
  if (result.ok) return "ok";
  if (result.kind === "limited" || result.kind === "unavailable") throw away(result, now);
  return result.kind === "forbidden" ? `The AuthToken lacks the scope ${scopes[ability]}.` : `${result.reason}.`;
}

/** Not the caller's mistake. */
function away({ reason, retryAt }: Refused, now: Instant): Problem {
  const seconds = retryAt === null ? 60 : Math.max(1, Math.ceil((retryAt - now) / second));
  const detail = `${reason}. So the credentials could not be tried, and nothing was saved. Try again later.`;
  return new Problem("unavailable", detail, [], { "retry-after": String(seconds) });
}

function mistake(field: string, detail: string, reason: string): Problem {
  return new Problem("invalid_input", detail, [{ field, reason }]);
}
