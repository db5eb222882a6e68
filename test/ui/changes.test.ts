import { expect, test } from "vitest";
import { routes } from "../../src/http/routes.ts";
import { auditTable, wordsOf } from "../../src/ui/changes.ts";

const names = new Map([["dst_1", "Shop & co"]]);
const said = (call: string) => {
  const [method = "", path = ""] = call.split(" ");
  return wordsOf({ method, path, summary: "Words of the API. And more" }, names).text;
};

test.each([
  ["PATCH /destinations/dst_1", `Changed the destination <a href="/destinations/dst_1">Shop &amp; co</a>`],
  ["DELETE /destinations/dst_2", "Deleted a destination"],
  ["POST /recoveries", `Began <a href="/recoveries">a recovery</a>`],
  ["POST /reconciliations/rec_1/pause", `Paused <a href="/reconciliations/rec_1">a reconciliation</a>`],
  ["POST /quarantine/evt_1/dismiss", `Set <a href="/quarantine/evt_1">a call</a> aside`],
  ["POST /quarantine/reingest", `Re-ingested <a href="/quarantine?resolved=true">calls in quarantine</a>`],
  ["POST /destinations/reencrypt", `Encrypted the secrets of <a href="/destinations">destinations</a> anew`],
  ["POST /nowhere", "Words of the API"],
])("%s is told as what was done, with the way to it", (call, words) => expect(said(call)).toBe(words));

test("every change there is has words of its own", () => {
  const changes = routes.flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method, { isOpen, isPage, isSafe }]) => method !== "GET" && !isOpen && !isPage && isSafe !== true)
      .map(([method]) => `${method} ${path.replace(/:\w+/g, "x")}`),
  );
  expect(changes.length).toBeGreaterThan(20);
  expect(changes.filter((call) => said(call).startsWith("Words of the API"))).toEqual([]);
});

test("how it was done stands beneath, in small", () => {
  const entry = { at: null, who: "token", ip: "", method: "POST", path: "/recoveries", summary: "", fields: ["max_rate"] };
  const view = { path: "/audit", query: {}, origin: "https://edge.example", now: 0, said: null };
  const { text } = auditTable(view, [entry], names);
  expect(text).toContain(`<small>POST <code class="line">/recoveries</code></small>`);
  expect(text).toContain("max rate");
});
