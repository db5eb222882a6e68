import { readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

/** The kind of machine and the tools, for the foot of a table: nothing that names the machine. */
export function machine(): string {
  const model = os.cpus()[0]?.model.trim() ?? "";
  const memory = Math.round(os.totalmem() / 1024 ** 3);
  const kind = [`${os.availableParallelism()} cores`, /unknown/i.test(model) ? "" : model, `${memory} GB`, `${os.type()} ${os.arch()}`];
  return `${kind.filter(Boolean).join(", ")}; Node ${process.versions.node}, workerd ${versionOf("workerd")}, Miniflare ${versionOf("miniflare")}`;
}

function versionOf(name: string): string {
  return JSON.parse(readFileSync(path.join(import.meta.dirname, "..", "node_modules", name, "package.json"), "utf8")).version;
}
