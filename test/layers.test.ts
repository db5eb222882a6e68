import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { version } from "../src/domain/version.ts";

const root = path.join(import.meta.dirname, "..");
const src = path.join(root, "src");
const files = fs
  .readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((name) => name.split(path.sep).join("/"))
  .filter((name) => name.endsWith(".ts"));

/** What each room may import: imports run one way, and siblings never meet. */
const mayImport: Record<string, string[]> = {
  domain: [],
  postback: ["domain"],
  forward: ["domain"],
  impact: ["domain"],
  store: ["domain"],
  ui: ["domain"],
  conductors: ["domain", "postback", "forward", "impact", "store"],
  http: ["domain", "postback", "forward", "impact", "store", "ui", "conductors"],
  index: ["domain", "postback", "forward", "impact", "store", "conductors", "http"],
};
const conductors = [
  "app.ts",
  "attempt.ts",
  "authorize.ts",
  "book.ts",
  "call.ts",
  "collect.ts",
  "config.ts",
  "connect.ts",
  "dead.ts",
  "deliver.ts",
  "explain.ts",
  "fetch-result.ts",
  "guard.ts",
  "intake.ts",
  "link.ts",
  "news.ts",
  "order.ts",
  "plan.ts",
  "receive.ts",
  "reconcile.ts",
  "recover.ts",
  "repair.ts",
  "request.ts",
  "retain.ts",
  "ring.ts",
  "sweep.ts",
  "take-jobs.ts",
  "take.ts",
  "tell-job.ts",
  "tell.ts",
  "walk.ts",
  "watch.ts",
];

test.each(files)("src/%s imports only what lies below it", (file) => {
  const room = roomOf(file);
  for (const imported of importsOf(file)) {
    const other = roomOf(imported);
    if (other !== room) expect(mayImport[room], `${file} imports ${imported}`).toContain(other);
  }
});

test.each(files)("src/%s has 200 lines at the most", (file) => {
  expect(textOf(file).split("\n").length).toBeLessThanOrEqual(201);
});

test("only index, app and config know the environment", () => {
  const knowing = files.filter((file) => /\bEnv\b/.test(textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")));
  expect(knowing.sort()).toEqual(["app.ts", "config.ts", "index.ts"]);
});

test("SQL stands in the store only", () => {
  const statements = /[`"']\s*(select|insert into|update|delete from)\s/i;
  const speaking = files.filter((file) => !file.startsWith("store/") && file !== "http/health.ts" && statements.test(textOf(file)));
  expect(speaking).toEqual([]);
});

test("no name says nothing", () => {
  expect(files.filter((file) => /util|helper|manager|handler|service|common|misc/i.test(file))).toEqual([]);
});

test("nothing casts to any, and no error is swallowed in silence", () => {
  expect(files.filter((file) => /\bas any\b|: any\b|catch\s*(\([^)]*\))?\s*\{\s*\}/.test(textOf(file)))).toEqual([]);
});

test("the version is that of package.json", () => {
  expect(version).toBe(JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8")).version);
});

function roomOf(file: string): string {
  if (file === "index.ts") return "index";
  if (conductors.includes(file)) return "conductors";
  const [room = "", ...rest] = file.split("/");
  if (rest.length === 0) throw new Error(`src/${file} stands in no room: add it to the conductors, or find its folder`);
  return room;
}

function importsOf(file: string): string[] {
  const specifiers = [...textOf(file).matchAll(/from "(\.[^"]+)"/g)].map(([, specifier = ""]) => specifier);
  return specifiers.map((specifier) => path.posix.join(path.posix.dirname(file), specifier));
}

function textOf(file: string): string {
  return fs.readFileSync(path.join(src, file), "utf8");
}
