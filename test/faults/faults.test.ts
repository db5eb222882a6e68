import { afterAll, expect, test } from "vitest";
import { newSuite } from "./suite.ts";
import { table } from "./table.ts";

/** The short form of `npm run faults`: the rows that are marked for it, with a smaller load and two kills. */
const short = process.platform === "win32" ? [] : table.filter(({ isShort }) => isShort);
const suite = await newSuite();
afterAll(suite.close);

const seed = Math.floor(Math.random() * 1e9);
test.for(short)(`$name: every promise is kept (seed ${seed})`, { timeout: 300_000 }, async (fault) => {
  const { lost, breaches } = await suite.play(fault, { size: 8, kills: 2 }, seed);
  expect({ lost, breaches: breaches.slice(0, 5) }).toEqual({ lost: 0, breaches: [] });
});
