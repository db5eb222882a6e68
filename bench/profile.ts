import fs from "node:fs";
import path from "node:path";

export const native = "native code of workerd";
/** What imports the bundle under `wrangler check startup`: V8 reads and compiles it there. */
export const loading = "reading and compiling the bundle";

interface Frame {
  functionName: string;
  url: string;
  lineNumber: number;
}

export interface CpuProfile {
  nodes: { id: number; callFrame: Frame; children?: number[] }[];
  samples?: number[];
  /** Microseconds from one sample to the next. */
  timeDeltas?: number[];
}

/** The processor time that functions took themselves, in ms, and where they stand. */
export interface Self {
  name: string;
  place: string;
  ms: number;
}

/** Profiles a Worker by its debugger while `work` goes on. */
export async function profiled(inspector: string, work: () => Promise<unknown>): Promise<CpuProfile> {
  const socket = new WebSocket(new URL("/core:user:edge", inspector).href);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error("the debugger did not answer")));
  });
  const waiting = new Map<number, (result: never) => void>();
  socket.addEventListener("message", ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: never };
    waiting.get(id)?.(result);
  });
  let asked = 0;
  const ask = <T>(method: string, params = {}) =>
    new Promise<T>((resolve) => {
      waiting.set(++asked, resolve);
      socket.send(JSON.stringify({ id: asked, method, params }));
    });
  await ask("Profiler.enable");
  await ask("Profiler.setSamplingInterval", { interval: 200 });
  await ask("Profiler.start");
  await work();
  const { profile } = await ask<{ profile: CpuProfile }>("Profiler.stop");
  socket.close();
  return profile;
}

/** Where the time of a profile went, function by function, the longest first. Waiting is left out. `script` is the bundle that ran. */
export function selfTimes({ nodes, samples = [], timeDeltas = [] }: CpuProfile, script: string): Self[] {
  const placeOf = places(script);
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const found = new Map<string, Self>();
  for (const [place, id] of samples.entries()) {
    const frame = byId.get(id);
    if (!frame || frame.functionName === "(idle)") continue;
    const one = { name: frame.functionName || "(anonymous)", place: placeOf(frame), ms: 0 };
    const key = `${one.name} ${one.place}`;
    const known = found.get(key) ?? one;
    found.set(key, known);
    known.ms += (timeDeltas[place] ?? 0) / 1000;
  }
  return [...found.values()].sort((a, b) => b.ms - a.ms);
}

/** Sums of self times by where they stand, the longest first. */
export function byPlace(selves: Self[]): { place: string; ms: number }[] {
  const sums = new Map<string, number>();
  for (const { place, ms } of selves) sums.set(place, (sums.get(place) ?? 0) + ms);
  return [...sums].map(([place, ms]) => ({ place, ms })).sort((a, b) => b.ms - a.ms);
}

/** The bundle says above each module, in a comment, which file it was. */
function places(script: string): (frame: Frame) => string {
  let current = "the bundle's own";
  const lines = fs
    .readFileSync(script, "utf8")
    .split("\n")
    .map((line) => {
      const file = line.match(/^\s*\/\/ ((?:[\w.@-]+\/)*(?:src|bench|node_modules|wrangler)\/\S+\.[cm]?[jt]s)$/)?.[1];
      if (file) current = nameOf(file);
      return current;
    });
  return ({ url, lineNumber, functionName }) => {
    if (functionName === "(garbage collector)") return "garbage collector";
    if (url === "" || functionName.startsWith("(")) return native;
    if (url.endsWith(`/${path.basename(script)}`) || url === path.basename(script)) return lines[lineNumber] ?? "the bundle's own";
    return /^(node|cloudflare|workerd)-internal:/.test(url) ? `workerd's ${url}` : loading;
  };
}

/** `src/receive.ts` for ours, the package's name for others'. */
function nameOf(file: string): string {
  const own = file.match(/(?:^|\/)(src\/.+)$/)?.[1];
  const foreign = file.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1];
  return foreign ?? own ?? file;
}
