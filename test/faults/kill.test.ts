import { afterAll, expect, test } from "vitest";
import { until } from "../flow/edge.ts";
import { farSide } from "../flow/far-side.ts";
import { killTree, mortal } from "../flow/launch.ts";

const machine = await mortal();
afterAll(machine.clear);

/** A kill of the whole tree at a random moment under load, twice, and a start after each. */
test.skipIf(process.platform === "win32")(
  "SIGKILL under load loses no postback that was answered 2xx, and no delivery",
  async () => {
    const far = await farSide();
    let edge = await machine.start();
    await edge.operate("/destinations", { name: "far", url: `${far.url}/hook`, timeout: 1, retry_schedule: [1, 1, 2, 5, 5, 5] });

    const acknowledged: string[] = [];
    for (let round = 0; round < 2; round++) {
      const load = Array.from({ length: 6 }, (_, client) => sendUntilDead(edge.url, `${round}.${client}`, acknowledged));
      await new Promise((resolve) => setTimeout(resolve, 700 + Math.random() * 800));
      killTree(edge.process);
      await Promise.all(load);
      edge = await machine.start();
    }

    expect(acknowledged.length).toBeGreaterThan(20);
    for (const id of acknowledged) expect(await edge.operate(`/events/${id}`)).toMatchObject({ id });
    await until(async () => {
      await fetch(new URL("/cdn-cgi/local/scheduled", edge.url)); // what npm start does every minute
      return (await edge.operate("/deliveries?state=pending")).data.length === 0;
    }, 100_000);
    const arrived = new Set(far.arrivals.map(({ headers }) => headers["webhook-id"]));
    expect(acknowledged.filter((id) => !arrived.has(id))).toEqual([]);
    await far.close();
  },
  200_000,
);

/** Sends one postback after the other and notes the event of each that got a 2xx, until nobody answers any more. */
async function sendUntilDead(url: string, client: string, acknowledged: string[]): Promise<void> {
  for (let number = 0; ; number++) {
    try {
      const response = await fetch(`${url}?action_id=${client}.${number}&status=PENDING&payout=1.00`, {
        signal: AbortSignal.timeout(5000),
      });
      const id = response.headers.get("x-event-id");
      if (response.ok && id) acknowledged.push(id);
    } catch {
      return;
    }
  }
}
