import fs from "node:fs";
import { type Arrival, farSide } from "../flow/far-side.ts";
import { killTree, launch, newPlace } from "../flow/launch.ts";

/** What `npm start` runs on an empty folder, a far side for it, and their end. */
export async function newHouse() {
  const place = await newPlace();
  const edge = await launch(place);
  const far = await farSide();
  const base = `http://127.0.0.1:${place.port}`;
  const close = async () => {
    killTree(edge.process);
    await far.close();
    fs.rmSync(place.stateDir, { recursive: true, force: true });
  };
  /** Rings the scheduled handler, as Cloudflare does every minute. */
  const tick = async () => void (await fetch(`${base}/cdn-cgi/local/scheduled?cron=*+*+*+*+*`));
  return { base, far, close, tick, token: edge.token, operate: edge.operate, postbackUrl: edge.url };
}

export type House = Awaited<ReturnType<typeof newHouse>>;
export type { Arrival };
