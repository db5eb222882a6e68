/** Finds out that npm is gone. A killed npm passes nothing on, and the shell in which it runs a script may live on without it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const shells = /^-?(ba|da|z|k|a)?sh$/;

/** Calls `then` when npm has ended. Does nothing when npm did not start this process: who starts it by hand may want it to outlive the terminal. */
export function whenOrphaned(then) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const { name, ppid } = lookUp(parent);
  const watched = shells.test(name) ? [parent, ppid] : [parent];
  const timer = setInterval(() => {
    if (process.ppid === parent && watched.every(isAlive)) return;
    clearInterval(timer);
    then();
  }, 500).unref();
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Name and parent of a process. Where there is neither /proc nor ps (Windows) only the direct parent is watched. */
function lookUp(pid) {
  try {
    const [, name, ppid] = /\((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return { name, ppid: Number(ppid) };
  } catch {
    // no /proc: macOS, Windows
  }
  try {
    const [, ppid, command] = /(\d+)\s+(.*)/.exec(execFileSync("ps", ["-o", "ppid=,comm=", "-p", String(pid)], { encoding: "utf8" }));
    return { name: command.trim().split("/").at(-1), ppid: Number(ppid) };
  } catch {
    return { name: "", ppid: 0 };
  }
}
