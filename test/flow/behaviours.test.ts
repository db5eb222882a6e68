import fs from "node:fs";
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { behaviours } from "./behaviours.ts";
import { startEdge, until } from "./edge.ts";
import { rawFarSide } from "./far-side.ts";

test("spike", async () => {
  const edge = await startEdge();
  const t0 = Date.now();
  const { urls } = await edge.operate("/sources", { name: "impact", account: "partner" });
  const all = await Promise.all(
    behaviours.map(async (b, n) => {
      const far = await rawFarSide(b.act);
      if (b.closedPort) await far.close();
      const { id } = await edge.operate("/destinations", {
        name: `b${n}`,
        url: far.url + "/hook",
        filter: `campaign_id == "b${n}"`,
        ...b.settings,
      });
      return { ...b, far, id, n };
    }),
  );
  console.error("made", Date.now() - t0);
  const send = async (n: number, k: number) =>
    (await fetch(`${urls["action-lifecycle"]}?campaign_id=b${n}&action_id=a.${n}.${k}&status=PENDING`)).headers.get("x-event-id");
  const events = await Promise.all(all.map(({ n }) => send(n, 1)));
  console.error("sent", Date.now() - t0);
  await new Promise((r) => setTimeout(r, 6000));
  const second = await Promise.all(all.map(async (b) => (b.name.startsWith("kept") ? await send(b.n, 2) : null)));
  await new Promise((r) => setTimeout(r, 9000));
  let out = "";
  for (const b of all)
    for (const e of [events[b.n], second[b.n]]) {
      if (!e) continue;
      const d = await edge.operate(`/deliveries/${e}:${b.id}`);
      out += `## ${b.name}: ${d.state} arrivals ${b.far.arrivals.length} next ${d.next_attempt_at === d.attempts.at(-1)?.next_attempt_at ? "same" : d.next_attempt_at}\n`;
      for (const a of d.attempts) {
        const w = a.next_attempt_at && (Date.parse(a.next_attempt_at) - Date.parse(a.at)) / 1000;
        out += `   ${a.number} ${a.status} "${a.reason}" ${a.latency_ms}ms wait ${w} h ${JSON.stringify(a.response.headers).slice(0, 150)} b ${JSON.stringify(a.response.body).slice(0, 100)} (${a.response.body.length})\n`;
      }
    }
  out += edge.logs().join("\n");
  fs.writeFileSync("/tmp/spike/out.txt", out);
  await edge.close();
  for (const b of all) if (!b.closedPort) await b.far.close();
});
