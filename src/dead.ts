import type { App } from "./app.ts";
import { Problem } from "./domain/problem.ts";
import type { Receipt } from "./domain/receipt.ts";
import { authenticate, withoutSecretHeader } from "./postback/authenticate.ts";
import { take } from "./receive.ts";
import { noteDeadLetters } from "./store/deliveries.ts";
import { saveQuarantined } from "./store/quarantine.ts";

/**
 * What a consumer gave up on, made visible. A delivery's row says so and stays pending, for the sweep to ring for. A receipt is
 * taken once more, since D1 may be back; one that our own code cannot take goes to quarantine with its raw bytes. Throws when D1
 * is still away: the message stays.
 */
export async function bury(app: App, letter: string | Receipt): Promise<void> {
  console.error("dead letter", typeof letter === "string" ? letter : letter.id);
  if (typeof letter === "string") return await noteDeadLetters(app.db, [letter], "its ring was lost in the dead-letter queue", app.now());

  const source = authenticate(letter, (await app.catalog.anew(app.db)).sources);
  if (!source) return console.error("dead letter: no source has its token any more, dropped", letter.id);
  const isTaken = await take(app, letter).then(
    () => true,
    () => false,
  );
  if (isTaken) return;
  const problem = new Problem(
    "internal",
    "Our own code failed on this postback again and again. It was kept; report it, update, then re-ingest it.",
  );
  await saveQuarantined(app.db, { receipt: withoutSecretHeader(letter, source), sourceId: source.id, problem });
}
