import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { populationOfPast } from "../../simulate/live.ts";
import { serve } from "../../simulate/server.ts";
import { type Arrival, farSide } from "../flow/far-side.ts";
import { account } from "../flow/impact.ts";
import { killTree, launch, newPlace, root } from "../flow/launch.ts";

/** What `npm start` runs on an empty folder, beside a simulated impact.com and a far side for it, and their end. */
export async function newHouse() {
  const place = await newPlace();
  const api = await serve({ population: populationOfPast(24, { seed: 0, actions: 0 }), account });
  const edge = await launch(place, { IMPACT_API: api.origin });
  const far = await farSide();
  const base = `http://127.0.0.1:${place.port}`;
  const close = async () => {
    killTree(edge.process);
    await far.close();
    await api.close();
    fs.rmSync(place.stateDir, { recursive: true, force: true });
  };
  /** Rings the scheduled handler, as Cloudflare does every minute. */
  const tick = async () => void (await fetch(`${base}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`));
  /** Writes into its database, beside it. */
  const write = (sql: string) => {
    const file = path.join(place.stateDir, "written.sql");
    fs.writeFileSync(file, sql);
    const wrangler = path.join(root, "node_modules/wrangler/bin/wrangler.js");
    execFileSync(process.execPath, [wrangler, "d1", "execute", "DB", "--local", "--persist-to", place.stateDir, "--file", file], {
      cwd: root,
    });
  };
  const operator = { base, token: edge.token };
  return { base, far, api, close, tick, write, operator, token: edge.token, operate: edge.operate, postbackUrl: edge.url };
}

export type House = Awaited<ReturnType<typeof newHouse>>;
export type { Arrival };
