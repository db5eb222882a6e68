/**
 * A Worker in a process of its own: Miniflare with workerd, D1 on disk, real Queues, nothing logged. Its settings come in the first
 * argument; what it is asked comes by messages. It ends with its parent.
 */
import path from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { answerAs } from "./ask.ts";
import { cpuSecondsOf, workerdOf } from "./cpu-time.ts";

export interface WorkerSettings {
  script: string;
  stateDir: string;
  worker: Record<string, unknown>;
  schema: string[];
  /** Whether a debugger, like the profiler, may be attached. */
  inspector: boolean;
  /** Whether calls go to the Worker's own socket, or through Miniflare's entry Worker first. */
  direct: boolean;
}

const { script, stateDir, worker, schema, inspector, direct } = JSON.parse(process.argv[2] as string) as WorkerSettings;

const options = {
  host: "127.0.0.1",
  port: 0,
  log: new Log(LogLevel.NONE),
  handleStructuredLogs: () => {},
  logRequests: false,
  cf: false,
  resourcePersistencePath: stateDir,
  unsafeLocalExplorer: false,
  unsafeObservability: false,
  ...(inspector ? { inspectorPort: 0 } : {}),
  workers: [
    {
      ...worker,
      name: "edge",
      modulesRoot: path.dirname(script),
      modules: [{ type: "ESModule", path: script }],
      ...(direct ? { unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }] } : {}),
    },
  ],
};
const miniflare = new Miniflare(convertV4MiniflareOptions(options as Parameters<typeof convertV4MiniflareOptions>[0]));
const entry = await miniflare.ready;
const url = direct ? await miniflare.unsafeGetDirectURL("edge") : entry;
const db = (await miniflare.getD1Database("DB")) as unknown as D1Database;
if ((await db.prepare("select count(*) as tables from sqlite_master where name = 'sources'").first("tables")) === 0)
  await db.batch(schema.map((statement) => db.prepare(statement)));

const pid = workerdOf(process.pid);

answerAs({
  ready: async () => ({ url: url.origin, inspector: inspector ? (await miniflare.getInspectorURL()).href : null }),
  sql: async (text: string) => (await db.prepare(text).all()).results,
  cpuSeconds: async () => cpuSecondsOf(pid),
  stop: async () => await miniflare.dispose(),
});
