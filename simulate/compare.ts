import { parseMoney } from "./money.ts";
import type { TrueAction, TrueJob, Truth } from "./truth.ts";

/** An action as Postback Edge lists it. What is optional is compared when it is there; empty text is null there. */
export interface LedgerAction {
  action_id: string;
  state: string | null;
  payout: string | null;
  amount: string | null;
  currency: string | null;
  cleared: boolean;
  cleared_date?: string | null;
  /** What is missing from its chain: a number, or a list. */
  gaps?: number | unknown[];
  campaign_id?: string | null;
  action_tracker_id?: string | null;
  sub_id1?: string | null;
  sub_id2?: string | null;
  sub_id3?: string | null;
  shared_id?: string | null;
  promo_code?: string | null;
}

/** Something that is compared, so that a test can leave it out: a brand's API, for one, tells no sub ids. */
export type Compared = Exclude<keyof LedgerAction, "action_id">;

/** An inquiry or a job as Postback Edge lists it. */
export interface LedgerMatter {
  id: string;
  status: string | null;
  action_id?: string | null;
}

/** Every difference between the truth and a ledger in words, in order of actions; empty when they are the same to the last micro. */
export function compareActions(truth: Pick<Truth, "actions">, ledger: readonly LedgerAction[], except: Compared[] = []): string[] {
  const rows = new Map<string, LedgerAction>();
  const differences: string[] = [];
  for (const row of ledger) {
    if (rows.has(row.action_id)) differences.push(`${row.action_id} is in the ledger twice`);
    rows.set(row.action_id, row);
  }
  for (const action of truth.actions) {
    const row = rows.get(action.id);
    if (row) differences.push(...compareAction(action, row, except));
    else differences.push(`${action.id} is missing from the ledger: it is ${action.state} (${life(action)})`);
    rows.delete(action.id);
  }
  for (const id of rows.keys()) differences.push(`${id} is in the ledger, and does not exist`);
  return differences;
}

export function compareAction(action: TrueAction, row: LedgerAction, except: Compared[] = []): string[] {
  const compared: Record<Compared, [truth: unknown, ledger: unknown]> = {
    state: [action.state, row.state],
    payout: [action.payout, exact(row.payout)],
    amount: [action.amount, exact(row.amount)],
    currency: [action.currency, row.currency],
    cleared: [action.clearedAt !== null, row.cleared],
    cleared_date: [iso(action.clearedAt), row.cleared_date && iso(Date.parse(row.cleared_date))],
    gaps: [0, Array.isArray(row.gaps) ? row.gaps.length : row.gaps],
    campaign_id: [action.campaignId, row.campaign_id],
    action_tracker_id: [action.actionTrackerId, row.action_tracker_id],
    sub_id1: [action.subId1 || null, row.sub_id1],
    sub_id2: [action.subId2 || null, row.sub_id2],
    sub_id3: [action.subId3 || null, row.sub_id3],
    shared_id: [action.sharedId || null, row.shared_id],
    promo_code: [action.promoCode || null, row.promo_code],
  };
  return Object.entries(compared)
    .filter(([what, [truth, ledger]]) => ledger !== undefined && truth !== ledger && !except.includes(what as Compared))
    .map(([what, [truth, ledger]]) => `${action.id}: ${what} is ${shown(truth)}, the ledger says ${shown(ledger)} (${life(action)})`);
}

/**
 * The jobs that Postback Edge ought to know of: those whose postback came, and, once a source has told of any, the completed ones. What
 * impact.com says of failed jobs is not documented, so that their lost postbacks are not looked for.
 */
export function jobsToldOf({ jobs }: Truth, lost: Set<string>): { told: TrueJob[]; unsought: number } {
  const ended = jobs.filter(({ status }) => status === "COMPLETED" || status === "FAILED");
  const came = ended.filter(({ id }) => !lost.has(id));
  const told = came.length === 0 ? [] : ended.filter((job) => job.status === "COMPLETED" || came.includes(job));
  return { told, unsought: ended.length - told.length };
}

/** The same for inquiries (with the action that they made) or jobs. */
export function compareMatters(
  truth: readonly { id: string; status: string; actionId?: string | null }[],
  ledger: readonly LedgerMatter[],
): string[] {
  const rows = new Map(ledger.map((row) => [row.id, row]));
  const ids = new Set(truth.map(({ id }) => id));
  const unknown = ledger.filter(({ id }) => !ids.has(id)).map(({ id }) => `${id} is in the ledger, and does not exist`);
  return truth
    .flatMap(({ id, status, actionId }) => {
      const row = rows.get(id);
      if (!row) return [`${id} is missing from the ledger: it is ${status}`];
      const differences = row.status === status ? [] : [`${id}: status is ${status}, the ledger says ${row.status}`];
      const made = row.action_id ?? null;
      if (actionId !== undefined && made !== actionId) differences.push(`${id}: its action is ${actionId}, the ledger says ${made}`);
      return differences;
    })
    .concat(unknown);
}

/** Decimal text in micros; anything else stays as it is, so that it is shown. */
function exact(text: string | null): bigint | string | null {
  return text === null ? null : (parseMoney(text) ?? text);
}

function shown(value: unknown): string {
  return typeof value === "bigint" ? `${value} micros` : String(value);
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** How an action got where it is: `PENDING 880000, REVERSED 0 micros; USD`. */
function life({ updates, currency }: TrueAction): string {
  return `${updates.map(({ state, payout }) => `${state} ${payout}`).join(", ")} micros; ${currency}`;
}
