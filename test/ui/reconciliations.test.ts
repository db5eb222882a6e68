import { expect, test } from "vitest";
import { untyped } from "../../src/ui/form.ts";
import { html } from "../../src/ui/html.ts";
import { newReconciliationPage, toBegin } from "../../src/ui/reconciliations.ts";

const [able, other, unable] = [
  { name: "able", hasAccess: true },
  { name: "other", hasAccess: true },
  { name: "a <b>", hasAccess: false },
];
const next = "/sources/src_1/access";
const form = (sources: { name: string; hasAccess: boolean }[], typed = untyped) =>
  html`${newReconciliationPage(typed, { sources, next }).body}`.text;

test("a reconciliation begins with a source that has access; those without cannot be chosen", () => {
  const text = form([unable, able, other]);
  expect(text).toContain(`<option value="a &lt;b&gt;" disabled>a &lt;b&gt; (no access to the API yet)</option>`);
  expect(text).toContain(`<option value="able" selected>able</option>`);
  expect(text).toContain(`<button class="primary">Begin</button>`);
});

test.each([
  ["other", "other"],
  ["a <b>", "able"],
  ["nobody", "able"],
])("asked for %s, %s is chosen", (source, chosen) => {
  expect(form([unable, able, other], { values: { source }, mistakes: [] })).toContain(`<option value="${chosen}" selected>`);
});

test("a mistake about the source stands at its field", () => {
  const text = form([able], { values: {}, mistakes: [{ field: "source", reason: "names no source" }] });
  expect(text).toContain(`aria-describedby="mistake-source"`);
  expect(text).toContain(`id="mistake-source">names no source. </p>`);
});

test("where no source has access, nothing can begin, and the way to access is shown", () => {
  const text = form([unable]);
  expect(text).toContain(`<button class="primary" disabled>Begin</button>`);
  expect(text).toContain(`<option value="" selected>none that could be compared</option>`);
  expect(text).toContain(`<a href="${next}">Give a source access</a>`);
});

test("what was never compared is begun where it can be, else a source gets access first", () => {
  expect(toBegin({ sources: [able], next }).text).toContain(`href="/reconciliations/new">Reconcile now<`);
  expect(toBegin({ sources: [unable], next }).text).toContain(`href="${next}">Give a source access<`);
});
