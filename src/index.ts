import { type App, appOf, type Ring } from "./app.ts";
import { bury } from "./dead.ts";
import { deliver } from "./deliver.ts";
import type { Receipt } from "./domain/receipt.ts";
import { answer } from "./http/router.ts";
import { takeDeferred } from "./intake.ts";
import { recover } from "./recover.ts";
import { retain } from "./retain.ts";
import { sweep } from "./sweep.ts";

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
    await sweep(app);
    await retain(app);
  },
} satisfies ExportedHandler<Env, Message>;

async function answerRings(app: App, rings: Ring[]): Promise<void> {
  const recoveries = new Set(rings.filter((ring) => ring.startsWith("rcv_")));
  await Promise.all([deliver(app, rings), ...[...recoveries].map((id) => recover(app, id))]);
}
