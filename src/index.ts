import { type App, appOf, type Ring } from "./app.ts";
import { book } from "./book.ts";
import { collect } from "./collect.ts";
import { bury } from "./dead.ts";
import { deliver } from "./deliver.ts";
import type { Receipt } from "./domain/receipt.ts";
import { minute, second } from "./domain/time.ts";
import { answer } from "./http/router.ts";
import { takeDeferred } from "./intake.ts";
import { reconcile } from "./reconcile.ts";
import { recover } from "./recover.ts";
import { retain } from "./retain.ts";
import { sweep } from "./sweep.ts";
import { watch } from "./watch.ts";

type Message = Ring | Receipt;

export default {
  async fetch(request, env, context) {
    return await answer(request, () => appOf(env, context));
  },

  async queue(batch, env, context) {
    const app = appOf(env, context);
    const bodies = batch.messages.map(({ body }) => body);
    if (batch.queue.endsWith("-deliveries")) return await answerRings(app, bodies as Ring[]);
    if (batch.queue.endsWith("-intake")) {
      const left = await takeDeferred(app, bodies as Receipt[]);
      for (const message of batch.messages) if (left.includes((message.body as Receipt).id)) message.retry();
      return;
    }
    for (const message of batch.messages) {
      await bury(app, message.body).then(
        () => message.ack(),
        (error) => {
          console.warn("queue: a message will come again", batch.queue, String(error));
          message.retry();
        },
      );
    }
  },

  async scheduled(_controller, env, context) {
    const app = appOf(env, context);
    for (const [name, work] of Object.entries(chores)) {
      await work(app).catch((error) => console.error(`scheduled: ${name} failed, it is tried again in a minute`, String(error)));
    }
  },
} satisfies ExportedHandler<Env, Message>;

/** What is done every minute, one after the other; none waits for another to succeed. */
const chores: Record<string, (app: App) => Promise<unknown>> = {
  sweep,
  retain,
  book: (app) => book(app, 20 * second),
  reconcile: (app) => reconcile(app, 40 * second),
  watch,
  collect: (app) => collect(app, 4 * minute), // the last, since a download may take its time
};

async function answerRings(app: App, rings: Ring[]): Promise<void> {
  const recoveries = new Set(rings.filter((ring) => ring.startsWith("rcv_")));
  await Promise.all([deliver(app, rings), ...[...recoveries].map((id) => recover(app, id))]);
}
