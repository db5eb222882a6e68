import { expect, test } from "vitest";
import { plain, prose } from "../../src/ui/prose.ts";

test.each([
  ["There is none. GET /destinations lists them.", `There is none. <a href="/destinations">List them</a>.`],
  ["Failed. GET /gaps?reconciliation=rec_1&a=b lists them.", `Failed. <a href="/gaps?reconciliation=rec_1&amp;a=b">List them</a>.`],
  [
    "has no access to impact.com's API: PUT /sources/src_1a/api first",
    `has no access to impact.com&#39;s API: <a href="/sources/src_1a/access">give it access</a> first`,
  ],
  ["Not here. GET /jobs/:id says why.", "Not here. The page of the job says why."],
  ["There is no such file. GET /jobs/:id lists a job's.", "There is no such file. The page of the job lists them."],
  ["since 2026-11-26T21:00:00Z, until 2026-11-26T21:00:00.123Z", "since 2026-11-26 21:00 UTC, until 2026-11-26 21:00 UTC"],
  ["must be a date like 2026-05-13T11:37:49Z", "must be a date like 2026-05-13T11:37:49Z"],
  ["plain <b>words</b> of GET and PUT", "plain &lt;b&gt;words&lt;/b&gt; of GET and PUT"],
  ["GET //evil.example/ lists them", "GET //evil.example/ lists them"],
])("%j is for people, with links", (text, shown) => expect(prose(text).text).toBe(shown));

test("beside a field the same words stand without links", () => {
  expect(plain("has no access: PUT /sources/src_1a/api first; GET /sources lists them")).toBe(
    "has no access: give it access first; List them",
  );
});
