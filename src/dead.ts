import type { App } from "./app.ts";
import { Problem } from "./domain/problem.ts";
import type { Receipt } from "./domain/receipt.ts";
import type { Source } from "./domain/source.ts";
import { authenticate, withoutSecretHeader } from "./postback/authenticate.ts";
import { keep, type Understood, understand } from "./receive.ts";
import { noteDeadLetters } from "./store/deliveries.ts";
import { isRefused } from "./store/together.ts";

/**
 * What a consumer gave up on, made visible. A delivery's row says so and stays pending, for the sweep to ring for. A receipt is
 * taken once more, since D1 may be back; one that our own code fails on, or that D1 refuses, goes to quarantine with its raw bytes.
 * Throws when D1 is still away: the message stays.
 */
export async function bury(app: App, letter: string | Receipt): Promise<void> {
  console.error("dead letter", typeof letter === "string" ? letter : letter.id);
  if (typeof letter === "string") return await noteDeadLetters(app.db, [letter], "its ring was lost in the dead-letter queue", app.now());

  const known = await app.catalog.anew(app.db);
  const source = authenticate(letter, known.sources);
  if (!source) return console.error("dead letter: no source has its token any more, dropped", letter.id);
  try {
    const understood = attemptTo(() => understand(letter, source, known)) ?? failed(letter, source);
    await keep(app, [understood]);
  } catch (error) {
    if (!isRefused(error)) throw error;
    await keep(app, [failed(letter, source)]);
  }
}

function attemptTo(work: () => Understood): Understood | null {
  try {
    return work();
  } catch (error) {
    console.error("dead letter: our own code failed", String(error));
    return null;
  }
}

function failed(letter: Receipt, source: Source): Understood {
  const problem = new Problem(
    "internal",
    "Our own code failed on this postback again and again. It was kept; report it, update, then re-ingest it.",
  );
  return { receipt: withoutSecretHeader(letter, source), source, sourceId: source.id, problem };
}
