import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { until } from "../flow/edge.ts";
import { farSide } from "../flow/far-side.ts";
import { killTree, mortal, root } from "../flow/launch.ts";

/** How many failed deliveries are recovered: `RECOVERIES=10000` for the long form. */
const many = Number(process.env["RECOVERIES"] ?? 300);

const machine = await mortal();
afterAll(machine.clear);

test.skipIf(process.platform === "win32")(
  "a recovery that is killed half-way goes on after the restart, and each failed delivery arrives",
  async () => {
    const far = await farSide();
    let edge = await machine.start();
    const { id } = await edge.operate("/destinations", { name: "far", url: `${far.url}/hook`, timeout: 2 });
    insertExhausted(id);
    const scope = { destination: id, states: ["exhausted"], since: "2026-01-01T00:00:00Z" };
    expect(await edge.operate("/recoveries?preview", scope)).toMatchObject({ count: many, is_complete: true });
    const recovery = await edge.operate("/recoveries", { ...scope, rate: Math.max(20, Math.floor(many / 20)) });
    await until(() => far.arrivals.length > many / 2, 200_000);
    killTree(edge.process);
    const beforeTheKill = far.arrivals.length;
    expect(beforeTheKill).toBeLessThan(many);

    edge = await machine.start();
    const progress = async () => await edge.operate(`/recoveries/${recovery.id}`);
    await until(async () => {
      await fetch(new URL("/cdn-cgi/local/scheduled", edge.url)); // what npm start does every minute
      const { state, progress: told } = await progress();
      return state === "finished" && told.pending === 0;
    }, 400_000);
    expect((await progress()).progress).toEqual({ total: many, reopened: many, delivered: many, failed: 0, pending: 0 });

    const arrived = far.arrivals.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(arrived).size).toBe(many);
    console.log(`recovered ${many}, killed after ${beforeTheKill}, arrived twice: ${arrived.length - many}`);
    await far.close();
  },
  700_000,
);

/** Events of the past, each with one delivery that was given up: written into the database beside the running Worker. */
function insertExhausted(destinationId: string): void {
  const file = path.join(machine.stateDir, "exhausted.sql");
  const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${many})`;
  const at = Date.parse("2026-05-13T00:00:00Z");
  fs.writeFileSync(
    file,
    `${numbers} insert into events (
       id, source_id, kind, type, subject, fingerprint, action_id, is_test, received_at, fields, method, query, headers, ip, body
     ) select printf('evt_019e1ea2-%04x-7000-8000-%012d', i / 100, i), 'src_past', 'action-lifecycle', 'action.pending', 'action:p.' || i,
       'f' || i, 'p.' || i, 0, ${at} + i / 100, '{"ActionId":"p"}', 'GET', '', '{}', '', x'' from n;
     ${numbers} insert into deliveries (event_id, destination_id, state, attempts, next_at, ring_at, created_at, updated_at)
     select printf('evt_019e1ea2-%04x-7000-8000-%012d', i / 100, i), '${destinationId}', 'exhausted', 11, ${at}, ${at}, ${at}, ${at} from n;`,
  );
  const wrangler = path.join(root, "node_modules", "wrangler", "bin", "wrangler.js");
  const args = [wrangler, "d1", "execute", "DB", "--local", "--persist-to", machine.stateDir, "--yes", "--file", file];
  execFileSync(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, CI: "1" } });
}
