import { expect, test } from "vitest";
import { look, wordsOf } from "./look.ts";

const times = (text: string, part: string) => text.split(part).length - 1;

test.each([
  ["/deliveries?state=foo", "State is not one of pending, delivered, ", `href="/deliveries">Back to the list without filters<`],
  ["/alerts?state=foo", "State is not one of open, closed, all", `href="/alerts">Back to the list without filters<`],
  ["/overview?range=99", "Range is not one of 24h, 7d, 30d", `href="/overview">Open it without that<`],
  ["/destinations/new?preset=nope", "Preset is not one of the choices", `href="/destinations/new">Open it without that<`],
])("%s says once, in words, what is wrong, and leads on", async (path, words, way) => {
  const { status, text } = await look(path);
  expect([status, times(wordsOf(text), words)]).toEqual([422, 1]);
  expect(text).toContain(way);
  expect(wordsOf(text)).not.toMatch(/invalid option|expected one of/i);
});

test.each([
  ["/actions?state=bogus", "is not one of PENDING, APPROVED, REVERSED"],
  ["/actions?stage=bogus", "is not one of tracked, modified, "],
  ["/events?kind=bogus", "is not one of "],
])("%s keeps its form, and says it at the field", async (path, words) => {
  const { status, text } = await look(path);
  expect([status, text.includes("<form") && /id="mistake-\w+"/.test(text)]).toEqual([422, true]);
  expect(wordsOf(text)).toContain(words);
  expect(wordsOf(text)).not.toContain("No action fits");
});

test.each([
  "/events",
  "/deliveries",
  "/actions",
  "/jobs",
  "/quarantine",
  "/gaps",
  "/reconciliations",
  "/recoveries",
  "/alerts",
  "/audit",
  "/sources",
  "/destinations",
])("%s with a cursor that no page gave says so, and leads to the newest with the filters that were set", async (path) => {
  const isPlain = ["/recoveries", "/audit", "/sources", "/destinations", "/deliveries"].includes(path);
  const [query, rest] = isPlain ? ["", ""] : ["source=a&", "?source=a"];
  const { status, text } = await look(`${path}?${query}cursor=zzz`);
  expect([status, wordsOf(text)]).toEqual([422, expect.stringContaining("Cursor leads to no place in this list")]);
  expect(text).toContain(`href="${path}${rest}">Back to the newest<`);
});

test("an address of nothing leads to the overview, without words of the API", async () => {
  const { text } = await look("/nowhere");
  expect(text).toContain(`<a href="/overview">The overview</a> leads to all there is.`);
  expect(wordsOf(text)).not.toContain("openapi.json");
});

test("what is not there any more is looked for in its list", async () => {
  for (const room of ["sources", "destinations", "recoveries", "reconciliations"]) {
    const { status, text } = await look(`/${room}/nowhere`);
    expect([status, text.includes(`<a href="/${room}">List them</a>`), wordsOf(text).includes("GET /")]).toEqual([404, true, false]);
  }
});
