/** Imports the bundle named by the first argument into a Worker that is warm, and tells what that took of processors. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { answerAs } from "./ask.ts";
import { cpuMsOfThreads, workerdOf } from "./cpu-time.ts";

const { script, compatibilityDate, compatibilityFlags } = JSON.parse(process.argv[2] as string);
const name = path.basename(script);
const door = `export default { async fetch({ url }) { if (url.endsWith("/import")) await import("./${name}"); return new Response("OK"); } }`;

const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    log: new Log(LogLevel.NONE),
    handleStructuredLogs: () => {},
    cf: false,
    name: "edge",
    compatibilityDate,
    compatibilityFlags,
    modulesRoot: "/",
    modules: [
      { type: "ESModule", path: "/door.js", contents: door },
      { type: "ESModule", path: `/${name}`, contents: readFileSync(script, "utf8") },
    ],
  }),
);
await miniflare.ready;
const pid = workerdOf(process.pid);
const call = async (where: string) => await (await miniflare.dispatchFetch(`http://edge/${where}`)).text();

answerAs({
  cpuMs: async () => {
    for (let times = 0; times < 3; times++) await call("");
    const before = cpuMsOfThreads(pid);
    await call("import");
    return cpuMsOfThreads(pid) - before;
  },
  stop: async () => await miniflare.dispose(),
});
