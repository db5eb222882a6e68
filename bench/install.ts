import { spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const folder = import.meta.dirname;
const mark = path.join(folder, "node_modules", ".installed");
const lock = () => fs.readFileSync(path.join(folder, "package-lock.json"), "utf8");

/**
 * Installs what only the measurements need, unless it is there: by npm and on npm's own Node, whose headers are there to build
 * better-sqlite3 with. Throws when it cannot.
 */
export function install(): void {
  if (readMark()?.lock === lock()) return;
  const { npm_execpath: npm, npm_node_execpath: node } = process.env;
  if (!npm || !node) throw new Error("run it once by `npm run bench`, so that it can install what it needs");
  console.error("Installing the load generator and the server to compare with (npm ci in bench/) …");
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env["PATH"]}`, npm_config_nodedir: headersOf(node) };
  const done = spawnSync(node, [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: folder,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (done.status !== 0) throw new Error("what the measurements need could not be installed; npm's reason is above");
  fs.writeFileSync(mark, JSON.stringify({ node, lock: lock() }));
}

/** The Node that what was installed is built for. */
export function installedFor(): string {
  return readMark()?.node ?? process.execPath;
}

function readMark(): { node: string; lock: string } | null {
  return fs.existsSync(mark) ? JSON.parse(fs.readFileSync(mark, "utf8")) : null;
}

/** Where this Node keeps its headers, if it does; else they are downloaded. */
function headersOf(node: string): string | undefined {
  const prefix = path.join(path.dirname(fs.realpathSync(node)), "..");
  return fs.existsSync(path.join(prefix, "include", "node", "node.h")) ? prefix : undefined;
}
