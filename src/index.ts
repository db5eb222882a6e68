import { appOf, type Ring } from "./app.ts";
import { bury } from "./dead.ts";
import { deliver } from "./deliver.ts";
import type { Receipt } from "./domain/receipt.ts";
import { answer } from "./http/router.ts";
import { takeDeferred } from "./receive.ts";
import { recover } from "./recover.ts";
import { sweep } from "./sweep.ts";

type Message = Ring | Receipt;

export default {
  async fetch(request, env, context) {
    return await answer(request, () => appOf(env, context));
  },

  async queue(batch, env, context) {
    const app = appOf(env, context);
    if (batch.queue.endsWith("-deliveries")) {
      const rings = batch.messages.map(({ body }) => body as Ring);
      const recoveries = new Set(rings.filter((ring) => ring.startsWith("rcv_")));
      await Promise.all([deliver(app, rings), ...[...recoveries].map((id) => recover(app, id))]);
      return;
    }
    const take = batch.queue.endsWith("-intake") ? takeDeferred : bury;
    for (const message of batch.messages) {
      await take(app, message.body as never).then(
        () => message.ack(),
        (error) => {
          console.warn("queue: a message will come again", batch.queue, String(error));
          message.retry();
        },
      );
    }
  },

  async scheduled(_controller, env, context) {
    await sweep(appOf(env, context));
  },
} satisfies ExportedHandler<Env, Message>;
