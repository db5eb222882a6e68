import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { operator, until } from "./edge.ts";

export const root = path.join(import.meta.dirname, "..", "..");

/** A folder for local state, and a port: what a `npm start` of its own needs. */
export async function newPlace() {
  return { stateDir: fs.mkdtempSync(path.join(os.tmpdir(), "postback-edge-")), port: await freePort() };
}

/** The environment in which the scripts find that place. */
export function environmentOf({ stateDir, port }: Place, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, PORT: String(port), STATE_DIR: stateDir, npm_lifecycle_event: undefined, ...more };
}

export type Place = Awaited<ReturnType<typeof newPlace>>;

/** What `npm start` runs, once it is ready: its process, its postback URL, and the operator's way in. */
export async function launch(place: Place, more: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["scripts/start.mjs"], {
    cwd: root,
    env: environmentOf(place, more),
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await until(() => said.includes("Postback URL") || child.exitCode !== null, 60_000);
  const token = fs.readFileSync(path.join(root, ".dev.vars"), "utf8").match(/^OPERATOR_TOKEN=(.+)$/m)?.[1] ?? "";
  const url = said.match(/Postback URL\s+(\S+)/)?.[1] ?? "";
  return { process: child, url, token, operate: operator(`http://127.0.0.1:${place.port}`, token) };
}

/** An edge that can be killed and started again on the same state; `clear` ends it and leaves nothing behind. `more` is its environment. */
export async function mortal(more: Record<string, string> = {}) {
  const place = await newPlace();
  let running: Awaited<ReturnType<typeof launch>> | undefined;
  const start = async () => {
    running = await launch(place, more);
    return running;
  };
  const clear = () => {
    if (running) killTree(running.process);
    fs.rmSync(place.stateDir, { recursive: true, force: true });
  };
  return { ...place, start, clear };
}

/** The ids of a process and of all that it started. */
export function treeOf(child: ChildProcess): number[] {
  const table = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const parents = new Map(table.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
  const tree = [child.pid as number];
  for (const pid of tree) for (const [other, parent] of parents) if (parent === pid) tree.push(other);
  return tree;
}

/** Kills a process and all that it started, all at once. */
export function killTree(child: ChildProcess): void {
  for (const pid of treeOf(child)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it was gone already
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
