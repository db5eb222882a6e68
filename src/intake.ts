import type { App } from "./app.ts";
import { Problem } from "./domain/problem.ts";
import type { Receipt } from "./domain/receipt.ts";
import { keep, sourceOf, type Understood, understand } from "./receive.ts";

/** So many failures one after the other mean that D1 is away, and not that one receipt is at fault. */
const mostFailures = 2;

/**
 * Receipts out of the intake Queue, on the same road as at the door: all in one round trip to D1, or one by one where that fails, so
 * that one bad receipt holds up no other. Returns the ids of those that could not be taken, and have to come again.
 */
export async function takeDeferred(app: App, receipts: Receipt[]): Promise<string[]> {
  const { understood, left } = await understandAll(app, receipts);
  try {
    if (understood.length > 0) await keep(app, understood);
    return left;
  } catch (error) {
    console.warn("intake: D1 did not take a batch, its receipts are tried one by one", understood.length, String(error));
    return [...left, ...(await keepEach(app, understood))];
  }
}

/** A call with a token that nobody knows any more is dropped; what our own code fails on is `left`, and so is all while D1 is away. */
async function understandAll(app: App, receipts: Receipt[]): Promise<{ understood: Understood[]; left: string[] }> {
  const understood: Understood[] = [];
  const left: string[] = [];
  for (const receipt of receipts) {
    try {
      understood.push(understand(receipt, await sourceOf(app, receipt), await app.catalog.current(app.db)));
    } catch (error) {
      console.warn("intake: a receipt was not understood", receipt.id, String(error));
      if (!(error instanceof Problem)) left.push(receipt.id);
    }
  }
  return { understood, left };
}

async function keepEach(app: App, understood: Understood[]): Promise<string[]> {
  const left: string[] = [];
  let failures = 0;
  for (const one of understood) {
    const isDone = failures < mostFailures && (await isKept(app, one));
    failures = isDone ? 0 : failures + 1;
    if (!isDone) left.push(one.receipt.id);
  }
  return left;
}

async function isKept(app: App, one: Understood): Promise<boolean> {
  try {
    await keep(app, [one]);
    return true;
  } catch (error) {
    console.warn("intake: a receipt will come again", one.receipt.id, String(error));
    return false;
  }
}
