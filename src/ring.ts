import type { App } from "./app.ts";

/** sendBatch takes no more messages than this at once. Source: Cloudflare's Queues limits. */
const largestBatch = 100;
const longestDelay = 86_400;

/**
 * Rings for deliveries, `delaySeconds` from now. The row is the truth, the Queue is a doorbell: a ring that fails is logged,
 * and the sweep rings again.
 */
export async function ring(app: Pick<App, "queues">, deliveryIds: string[], delaySeconds = 0): Promise<void> {
  try {
    for (let start = 0; start < deliveryIds.length; start += largestBatch) {
      const messages = deliveryIds.slice(start, start + largestBatch).map((body) => ({ body }));
      await app.queues.deliveries.sendBatch(messages, { delaySeconds: Math.min(delaySeconds, longestDelay) });
    }
  } catch (error) {
    console.warn("ring: the queue did not take a ring, the sweep will repeat it", deliveryIds.length, String(error));
  }
}
