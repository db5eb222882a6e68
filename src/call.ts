import type { App } from "./app.ts";
import type { Connection } from "./domain/connection.ts";
import type { Source } from "./domain/source.ts";
import { second } from "./domain/time.ts";
import { type Access, hashOf } from "./impact/access.ts";
import type { Asked } from "./impact/calls.ts";
import { callsPerHour } from "./impact/limits.ts";
import type { Page } from "./impact/page.ts";
import { type Failure, type FailureKind, type Reading, read } from "./impact/read.ts";
import { noteLimits, takeCall } from "./store/budgets.ts";
import { SealBroken, SealedElsewhere } from "./store/seal.ts";

/** What a call brought, and how many times it was made. `sealed`: the credentials cannot be opened with the keys that are here. */
export type Result = ({ ok: true; page: Page } | (Omit<Failure, "kind"> & { kind: FailureKind | "sealed" })) & { calls: number };

/** Waits before the second and the third try are up to so long. */
const pausesMs = [second, 2 * second];

interface Effort {
  /** How often it is tried while impact.com is away. */
  tries?: number;
  timeLimitMs?: number;
}

/**
 * Calls impact.com's API for a source, within its account's budget. What is away for a moment is tried again at once, twice at the most;
 * for all else the caller decides. Throws only where D1 is away.
 */
export async function callImpact(app: App, connection: Connection, source: Pick<Source, "account">, asked: Asked): Promise<Result> {
  const access = await accessOf(app, connection, source);
  if (access !== null) return await callWith(app, access, asked);
  const reason = "The credentials are sealed with an encryption key that is not here, or damaged. Save them anew: PUT /sources/:id/api.";
  return { ok: false, kind: "sealed", reason, retryAt: null, calls: 0 };
}

/** The credentials of a source, opened; null where no key here opens them. */
export async function accessOf(app: App, { sealed }: Connection, { account }: Pick<Source, "account">): Promise<Access | null> {
  try {
    const { accountSid, authToken } = JSON.parse(await app.seal.openText(sealed));
    return { api: app.config.impactApi, account, accountSid, authToken };
  } catch (error) {
    if (error instanceof SealedElsewhere || error instanceof SealBroken) return null;
    throw error;
  }
}

/** The same with credentials in the hand. */
export async function callWith(app: App, access: Access, asked: Asked, { tries = 3, timeLimitMs }: Effort = {}): Promise<Result> {
  for (let calls = 1; ; calls++) {
    const taken = await takeCall(app.db, hashOf(access), app.now(), callsPerHour[access.account]);
    if (!taken.ok) return { ok: false, kind: "limited", reason: spent(access), retryAt: taken.retryAt, calls: calls - 1 };
    const reading = await read(app.fetch, access, asked, { now: app.now, ...(timeLimitMs === undefined ? {} : { timeLimitMs }) });
    await noteLimits(app.db, hashOf(access), told(reading), app.now());
    if (calls >= tries || !mayMendAtOnce(reading)) return resultOf(reading, calls);
    await pause((pausesMs[calls - 1] ?? 0) * (0.25 + 0.75 * app.random()));
  }
}

/** A 429 without a word of when counts as one with. */
function told(reading: Reading) {
  const { limits } = reading;
  return !reading.ok && reading.kind === "limited" ? { ...limits, retryAt: reading.retryAt } : limits;
}

function mayMendAtOnce(reading: Reading): boolean {
  return !reading.ok && reading.kind === "unavailable" && reading.retryAt === null;
}

function resultOf(reading: Reading, calls: number): Result {
  if (reading.ok) return { ok: true, page: reading.page, calls };
  const { kind, reason, retryAt } = reading;
  return { ok: false, kind, reason, retryAt, calls };
}

function spent({ account }: Access): string {
  return `The ${callsPerHour[account]} calls of impact.com's API that this account may make in an hour are made, or impact.com asked for a pause`;
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
