import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The workerd that a process has started. Throws when there is none. */
export function workerdOf(parent: number): number {
  const lines = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const own = lines
    .map((line) => line.trim().split(/\s+/))
    .find(([, ppid, program]) => Number(ppid) === parent && /workerd/.test(program ?? ""));
  if (!own) throw new Error("workerd was not found among this process's children");
  return Number(own[0]);
}

/** What a process used of processors so far, its own work and the system's for it, to a hundredth of a second. */
export function cpuSecondsOf(pid: number): number {
  try {
    const ticks = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(ticks[11]) + Number(ticks[12])) / 100;
  } catch {
    const time = execFileSync("ps", ["-o", "time=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return time.split(":").reduce((seconds, part) => seconds * 60 + Number(part), 0);
  }
}

/** What the threads that a process has now used of processors so far, in ms: exact on Linux, else as `cpuSecondsOf`. */
export function cpuMsOfThreads(pid: number): number {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, one) => sum + Number(readFileSync(`/proc/${pid}/task/${one}/schedstat`, "utf8").split(" ")[0]) / 1e6, 0);
  } catch {
    return cpuSecondsOf(pid) * 1000;
  }
}
