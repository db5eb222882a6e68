import fs from "node:fs";
import path from "node:path";
import { until } from "../flow/edge.ts";
import type { Arrival } from "../flow/far-side.ts";
import { root } from "../flow/launch.ts";
import type { Workshop } from "./machine.ts";
import type { Stage } from "./round.ts";

/** How often it was deployed in this run: each time is another version, with another migration. */
let deploys = 0;

/** The migration of a version that does not exist yet: columns, an index, a table with a row for each event. */
const migrationOf = (nth: number) => `
  alter table events add column note_${nth} text;
  alter table deliveries add column priority_${nth} integer not null default 0;
  alter table destinations add column colour_${nth} text;
  alter table sources add column region_${nth} text not null default 'earth';
  create index deliveries_by_priority_${nth} on deliveries (priority_${nth}, event_id);
  create table tomorrow_${nth} (id text not null primary key, at integer not null) strict, without rowid;
  insert into tomorrow_${nth} select id, received_at from events;`;

/**
 * A deploy while calls come in and messages wait: first the database is migrated under the Worker that runs, which goes on with the
 * new schema for a while; then the Worker is replaced by the next version, which says so in its User-Agent.
 */
export async function deployTomorrow({ edge, workshop, arrivals, pause }: Stage): Promise<void> {
  const nth = ++deploys;
  const tomorrow = `9.9.${nth}`;
  const isNew = ({ headers }: Arrival) => headers["user-agent"]?.endsWith(`/${tomorrow}`) ?? false;
  await until(() => arrivals.length > 0, 60_000);
  await migrate(workshop, edge.stateDir, nth);
  await pause(1000);
  edge.deploy(await bundleOf(workshop, tomorrow));
  edge.kill();
  await edge.start();
  await until(() => arrivals.some(isNew), 60_000);
  if (arrivals.every(isNew)) throw new Error("nothing was sent before the deploy");
}

/** Another process writes at the same time, so a local migration may find the database busy: then it is tried again, as one would. */
async function migrate(workshop: Workshop, stateDir: string, nth: number): Promise<void> {
  const all = path.join(workshop.folder, "migrations-of-tomorrow");
  fs.cpSync(path.join(root, "migrations"), all, { recursive: true });
  fs.writeFileSync(path.join(all, `${9000 + nth}_tomorrow.sql`), migrationOf(nth));
  for (let tries = 1; ; tries++) {
    try {
      return await workshop.migrate(stateDir, all);
    } catch (error) {
      if (tries === 10 || !String(error).includes("SQLITE_BUSY")) throw error;
    }
  }
}

async function bundleOf(workshop: Workshop, tomorrow: string): Promise<string> {
  const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  const file = path.join(workshop.folder, `bundle-${tomorrow}`, "worker.js");
  const today = fs.readFileSync(await workshop.bundleOf("test/faults/worker.ts"), "utf8");
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, today.replaceAll(`"${version}"`, `"${tomorrow}"`));
  return file;
}
