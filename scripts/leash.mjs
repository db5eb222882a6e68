/**
 * `node leash.mjs command args…` runs a command and ends it, with every process it started, as soon as this process's stdin
 * ends. The starter holds the other end of that pipe, so it ends for whatever reason the starter ends, `kill -9` included.
 */
import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const patienceMs = 5000;
const windows = process.platform === "win32";
const [command, ...args] = process.argv.slice(2);

// Ctrl-C reaches every process of a terminal; what to do about it is the starter's business.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});

const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"], detached: !windows, windowsHide: true });

child.on("error", (error) => {
  console.error(`${command} could not be started: ${error.message}`);
  process.exit(127);
});

child.on("exit", async (code, signal) => {
  await endGroup(); // what the command left behind, if it was killed
  process.exit(code ?? 128 + constants.signals[signal]);
});

for (const event of ["end", "error"]) process.stdin.on(event, endGroup);
process.stdin.resume();

/** First asks the command, which knows best how to end its own; then, or if it is gone, whoever is left of its group. */
async function endGroup() {
  if (windows) return spawnSync("taskkill", ["/PID", String(child.pid), "/T", "/F"], { stdio: "ignore" });
  const deadline = Date.now() + patienceMs;
  if (!child.kill("SIGTERM")) signalGroup("SIGTERM");
  while (signalGroup(0) && Date.now() < deadline) await sleep(50);
  signalGroup("SIGKILL");
}

/** Whether there was still somebody to signal; 0 only asks. */
function signalGroup(signal) {
  try {
    return process.kill(-child.pid, signal);
  } catch {
    return false;
  }
}
