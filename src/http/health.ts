import type { App } from "../app.ts";
import { within } from "../domain/limit.ts";
import { endpoint } from "./endpoint.ts";

const limitMs = 2000;

export const showHealth = endpoint({
  summary: "Whether D1 and the queues answer; 503 when one does not",
  isOpen: true,
  run: async ({ app }) => {
    const health = await healthOf(app);
    return { status: health.status === "ok" ? 200 : 503, body: health };
  },
});

/** Whether what we stand on answers. */
export async function healthOf(app: Pick<App, "db" | "queues">) {
  const [d1, deliveries, intake] = await Promise.all([
    stateOf(() => app.db.prepare("select 1").run()),
    queueState(app.queues.deliveries),
    queueState(app.queues.intake),
  ]);
  const isWell = [d1, deliveries, intake].every((state) => state === "ok");
  return { status: isWell ? "ok" : "degraded", d1, queues: { deliveries, intake } };
}

/** `metrics()` is the one question a queue answers without being sent a message. */
function queueState(queue: App["queues"][keyof App["queues"]]): Promise<"ok" | "failing"> {
  return stateOf(() => queue.metrics());
}

async function stateOf(question: () => Promise<unknown>): Promise<"ok" | "failing"> {
  try {
    await within(limitMs, question());
    return "ok";
  } catch {
    return "failing";
  }
}
