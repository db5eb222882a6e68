import fs from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { bundle, scratch, wrangler } from "../bundle.ts";
import { load } from "../load.ts";
import type { Options } from "../options.ts";
import { byPlace, type CpuProfile, native, profiled, type Self, selfTimes } from "../profile.ts";
import { startOurs, startupMs } from "../server.ts";
import { interleave } from "../slice.ts";
import { ratios, spread } from "../stats.ts";
import { figure, figures, ratio, table } from "../table.ts";
import { start, variants } from "./throughput.ts";

const connections = 10;

/** Processor time per accepted postback, where it goes, and what the bundle weighs and takes to start. */
export async function cpu(options: Options): Promise<string> {
  return [await perPostback(options), ...(await whereItGoes(options)), ...(await startup(options))].join("\n\n");
}

async function perPostback({ rounds, seconds }: Options): Promise<string> {
  const { started, stop } = await start(["a", "b", "c", "d", "d′", "f"]);
  const slices = await interleave(started, connections, rounds, seconds);
  await stop();
  const cpuOf = (name: string) => (slices.get(name) ?? []).map(({ cpuMs }) => cpuMs);
  const rows = [...slices.keys()].map((name) => [
    `(${name}) ${variants[name]?.says}`,
    figures(spread(cpuOf(name))),
    ratio(ratios(cpuOf(name), cpuOf("a"))),
    ratio(ratios(cpuOf(name), cpuOf("b"))),
  ]);
  return table(["processor time of workerd for each accepted postback", "ms", "against (a)", "against (b)"], rows);
}

async function whereItGoes({ seconds, say }: Options): Promise<string[]> {
  say("profile");
  const ours = await startOurs({ inspector: true });
  await load(ours.url, connections, 500);
  let accepted = 0;
  const profile = await profiled(ours.inspector as string, async () => {
    accepted = (await load(ours.url, connections, Math.round(500 * seconds))).accepted;
  });
  await ours.stop();
  const selves = selfTimes(profile, bundle());
  const all = selves.reduce((sum, { ms }) => sum + ms, 0);
  const each = (ms: number) => [figure((ms / accepted) * 1000), `${((ms / all) * 100).toFixed(1)} %`];
  return [
    `Of (c), inside the Worker's own isolate, by sampling ${accepted} postbacks. Samples are of time and not of processors, so that the shares say more than the microseconds.`,
    table(["where", "µs a postback", "of it"], top(byPlace(selves).map(({ place, ms }) => [place, ...each(ms)]))),
    table(
      ["function, itself", "in", "µs a postback", "of it"],
      top(selves.map(({ name, place, ms }) => [`\`${name}\``, place, ...each(ms)])),
    ),
  ];
}

function top<T>(rows: T[]): T[] {
  return rows.slice(0, 15);
}

async function startup({ rounds, say }: Options): Promise<string[]> {
  say("startup");
  const script = bundle();
  const source = fs.readFileSync(script);
  const empty = path.join(import.meta.dirname, "..", "servers", "bare.js");
  const took = { ours: [] as number[], empty: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    took.empty.push(await startupMs(empty));
    took.ours.push(await startupMs(script));
  }
  const modules = byPlace(startupProfile(script)).filter(({ place }) => place !== native);
  const all = modules.reduce((sum, { ms }) => sum + ms, 0);
  return [
    table(
      ["bundle and startup", "", "budget"],
      [
        ["bundle as deployed", `${figure(source.byteLength / 1024)} KiB`, ""],
        ["the same, gzip", `${figure(gzipSync(source, { level: 9 }).byteLength / 1024)} KiB`, "300 KB"],
        ["importing it, processor time of workerd, ms", figures(spread(took.ours)), "50 ms"],
        ["importing the bare Worker of (a) and (b) in the same way", figures(spread(took.empty)), ""],
      ],
    ),
    table(
      ["one `wrangler check startup`: where", "of it"],
      modules.slice(0, 10).map(({ place, ms }) => [place, `${((ms / all) * 100).toFixed(0)} %`]),
    ),
  ];
}

function startupProfile(script: string): Self[] {
  const file = path.join(scratch, "startup.cpuprofile");
  wrangler(["check", "startup", "--outfile", file]);
  return selfTimes(JSON.parse(fs.readFileSync(file, "utf8")) as CpuProfile, script);
}
