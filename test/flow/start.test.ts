import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "./edge.ts";
import { environmentOf, isAlive, killTree, launch, newPlace, root, treeOf } from "./launch.ts";

const place = await newPlace();
let edge: Awaited<ReturnType<typeof launch>>;

beforeAll(async () => {
  edge = await launch(place);
});
afterAll(() => {
  killTree(edge.process);
  fs.rmSync(place.stateDir, { recursive: true, force: true });
});

const run = (script: string) =>
  spawnSync(process.execPath, [script], { cwd: root, env: environmentOf(place), encoding: "utf8", timeout: 60_000 });

test("the first postback URL takes a postback", async () => {
  const response = await fetch(`${edge.url}?action_id=1000.4636.158133&status=PENDING&payout=0.88`);
  expect([response.status, response.headers.get("x-event-status"), await response.text()]).toEqual([200, "accepted", "OK"]);
});

test("the demo beside it sees each event arrive once, with a good signature", () => {
  const { status, stdout, stderr } = run("scripts/demo.mjs");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout.match(/ good /g)).toHaveLength(4);
});

test("a second one on the same port says what to do", () => {
  const { status, stderr } = run("scripts/start.mjs");
  expect(status).toBe(1);
  expect(stderr).toContain(`Port ${place.port} is in use`);
});

test.skipIf(process.platform === "win32")("nothing is left running when it is stopped", async () => {
  const tree = treeOf(edge.process);
  expect(tree.length).toBeGreaterThan(3);
  edge.process.kill("SIGTERM");
  await until(() => !tree.some(isAlive), 20_000);
});
