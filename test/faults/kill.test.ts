import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { operator, until } from "../flow/edge.ts";
import { farSide } from "../flow/far-side.ts";

const root = path.join(import.meta.dirname, "..", "..");
const stateDir = fs.mkdtempSync(path.join(os.tmpdir(), "postback-edge-"));
let launched: ChildProcess | undefined;

afterAll(() => {
  if (launched) killTree(launched);
  fs.rmSync(stateDir, { recursive: true, force: true });
});

/** A kill of the whole tree at a random moment under load, twice, and a start after each. */
test.skipIf(process.platform === "win32")(
  "SIGKILL under load loses no postback that was answered 2xx, and no delivery",
  async () => {
    const port = await freePort();
    const far = await farSide();
    let edge = await start(port);
    await edge.operate("/destinations", { name: "far", url: `${far.url}/hook`, timeout: 1, retry_schedule: [1, 1, 2, 5, 5, 5] });

    const acknowledged: string[] = [];
    for (let round = 0; round < 2; round++) {
      const load = Array.from({ length: 6 }, (_, client) => sendUntilDead(edge.url, `${round}.${client}`, acknowledged));
      await new Promise((resolve) => setTimeout(resolve, 700 + Math.random() * 800));
      killTree(edge.process);
      await Promise.all(load);
      edge = await start(port);
    }

    expect(acknowledged.length).toBeGreaterThan(20);
    for (const id of acknowledged) expect(await edge.operate(`/events/${id}`)).toMatchObject({ id });
    await until(async () => {
      await fetch(new URL("/cdn-cgi/local/scheduled", edge.url)); // what npm start does every minute
      return (await edge.operate("/deliveries?state=pending")).data.length === 0;
    }, 100_000);
    const arrived = new Set(far.arrivals.map(({ headers }) => headers["webhook-id"]));
    expect(acknowledged.filter((id) => !arrived.has(id))).toEqual([]);
    await far.close();
  },
  200_000,
);

async function start(port: number) {
  const child = spawn(process.execPath, ["scripts/start.mjs"], {
    cwd: root,
    env: { ...process.env, PORT: String(port), STATE_DIR: stateDir, npm_lifecycle_event: undefined },
    stdio: ["ignore", "pipe", "inherit"],
  });
  launched = child;
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await until(() => said.includes("Postback URL") || child.exitCode !== null, 60_000);
  const token = fs.readFileSync(path.join(root, ".dev.vars"), "utf8").match(/^OPERATOR_TOKEN=(.+)$/m)?.[1] ?? "";
  const url = said.match(/Postback URL\s+(\S+)/)?.[1] ?? "";
  return { process: child, url, operate: operator(`http://127.0.0.1:${port}`, token) };
}

/** Sends one postback after the other and notes the event of each that got a 2xx, until nobody answers any more. */
async function sendUntilDead(url: string, client: string, acknowledged: string[]): Promise<void> {
  for (let number = 0; ; number++) {
    try {
      const response = await fetch(`${url}?action_id=${client}.${number}&status=PENDING&payout=1.00`, {
        signal: AbortSignal.timeout(5000),
      });
      const id = response.headers.get("x-event-id");
      if (response.ok && id) acknowledged.push(id);
    } catch {
      return;
    }
  }
}

/** Kills a process and all that it started, all at once. */
function killTree(child: ChildProcess): void {
  const table = execFileSync("ps", ["-eo", "pid=,ppid="], { encoding: "utf8" }).trim().split("\n");
  const parents = new Map(table.map((line) => line.trim().split(/\s+/).map(Number) as [number, number]));
  const tree = [child.pid as number];
  for (const pid of tree) for (const [other, parent] of parents) if (parent === pid) tree.push(other);
  for (const pid of tree) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it was gone already
    }
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
