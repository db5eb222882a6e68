import fc from "fast-check";
import { expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { scopeOf } from "../../src/forward/names.ts";
import type { Place } from "../../src/forward/place.ts";
import { sampleEvent } from "../../src/forward/sample.ts";
import { checkTemplate, render } from "../../src/forward/template.ts";
import { hashing, isWithin, patience, runs, timedRuns } from "../fuzz.ts";

/** One of the largest events there can be, of 100 KB: long texts, thousands of fields, a list of many items. */
const fields = { ...Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`k${n}`, "v"])), a: "ab".repeat(10_000), b: "b" };
const items = Array.from({ length: 1000 }, (_, n) => ({ sku: `sku ${n % 7}`, sizes: [n, 2, 3] }));
const scope = scopeOf({ ...sampleEvent("evt_1", 0), fields, nested: { items } }, "main", { key: "secret" });

/** True for a template that comes to an end soon: as a text of bounded length, or as a Problem that tells what is wrong with it. */
async function isLimited(template: string, place: Place): Promise<boolean> {
  const isAnswered = () => {
    const text = answer(() => render(template, place, "body", scope));
    return text === null || text.length < 4_000_000 || Promise.reject(new Error(`${text.length} characters`));
  };
  return await isWithin(500, hashing, isAnswered);
}

/** What `work` gives; null when it ends in a Problem that names field and reason. */
function answer(work: () => string): string | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [mistake] = error.mistakes;
    const isTold = error.code === "invalid_input" && mistake?.field === "body" && mistake.reason !== "";
    if (isTold && error.message.includes(mistake.reason)) return null;
    throw new Error("refused, but not told why", { cause: error });
  }
}

const values = fc.constantFrom(
  "fields.a",
  "fields.b",
  "x",
  "y",
  "data",
  "data.items",
  "fields",
  "payout",
  "'aa'",
  "''",
  "1",
  "99999999",
  "0.1",
  "nil",
  "i.sku",
  "i",
);
const argument = fc.oneof(
  values,
  fc.constantFrom("'sku'", "'sizes'", "-1", "1000000000", "'%A %B %c'", "'%99999d'", "'Europe/Berlin'", "','"),
);
const filter = fc
  .tuple(
    fc.constantFrom(
      ..."append prepend replace replace_first replace_last remove remove_last split join map sort sort_natural uniq sum slice truncate".split(
        " ",
      ),
      ..."truncatewords date times divided_by modulo plus minus at_least default json url_encode escape escape_once base64_encode sha256".split(
        " ",
      ),
      ..."hmac_sha256 strip_html strip squish compact reverse size first last upcase capitalize slugify round".split(" "),
    ),
    fc.array(argument, { maxLength: 2 }),
  )
  .map(([name, list]) => (list.length === 0 ? `| ${name}` : `| ${name}: ${list.join(", ")}`));
const piped = fc.tuple(values, fc.array(filter, { maxLength: 5 })).map(([value, filters]) => [value, ...filters].join(" "));
const condition = fc.tuple(values, fc.constantFrom("==", "!=", "<", "contains", "and", "or"), values).map((parts) => parts.join(" "));

/** Pieces of Liquid, loops within loops among them. */
const { piece } = fc.letrec<{ piece: string }>((tie) => {
  const inner = fc.array(tie("piece"), { minLength: 1, maxLength: 3 }).map((list) => list.join(""));
  return {
    piece: fc.oneof(
      { depthSize: "large", withCrossShrink: true },
      piped.map((value) => `{{ ${value} }}`),
      fc.tuple(fc.constantFrom("x", "y"), piped).map(([name, value]) => `{% assign ${name} = ${value} %}`),
      fc
        .tuple(fc.constantFrom("x", "y"), fc.nat(60))
        .map(([name, count]) => `{% assign ${name} = ${name} | append: ${name} %}`.repeat(count)),
      fc
        .tuple(fc.constantFrom("x", "y"), inner)
        .map(([name, text]) => `{% capture ${name} %}${text}{{ ${name} }}{{ ${name} }}{% endcapture %}`),
      fc
        .tuple(fc.constantFrom("data.items", "fields", "data", "x", "i.sizes", "data.items reversed"), inner)
        .map(([list, text]) => `{% for i in ${list} %}${text}{% endfor %}`),
      fc.tuple(condition, inner).map(([test, text]) => `{% if ${test} %}${text}{% else %}{{ x }}{% endif %}`),
      fc
        .tuple(values, values, inner)
        .map(([one, other, text]) => `{% case ${one} %}{% when ${other} %}${text}{% else %}${text}{% endcase %}`),
      fc.constantFrom(
        "{% continue %}",
        "{% break %}",
        "{% raw %}{{{% endraw %}",
        "{% liquid\nfor i in data.items\necho fields.a\nendfor\n%}",
        "text",
      ),
    ),
  };
});
const nested = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.constantFrom("data.items", "fields", "data"), fc.array(piece, { minLength: 1, maxLength: 5 }))
  .map(
    ([depth, list, pieces]) =>
      `{% assign x = fields.a %}${`{% for i in ${list} %}`.repeat(depth)}${pieces.join("")}${"{% endfor %}".repeat(depth)}`,
  );

test("no template takes long or makes much, whatever it repeats and lets grow", patience, async () => {
  const places = fc.constantFrom<Place>("json", "xml", "text", "url");
  await fc.assert(fc.asyncProperty(nested, places, isLimited), timedRuns(25));
});

test("any text is a template, or is refused with a reason", () => {
  const tokens = [
    ...[
      "{{",
      "}}",
      "{%",
      "%}",
      "{%-",
      "-%}",
      "|",
      ":",
      ",",
      "'",
      '"',
      "(1..9)",
      "[",
      "]",
      ".",
      "==",
      "\n",
      "\0",
      "\ud800",
      "é",
      "9".repeat(400),
    ],
    ...[
      "if",
      "endif",
      "for",
      "in",
      "endfor",
      "assign",
      "x",
      "=",
      "case",
      "when",
      "endcase",
      "capture",
      "endcapture",
      "raw",
      "endraw",
      "liquid",
      "echo",
    ],
    ...[
      "comment",
      "endcomment",
      "#",
      "data.items",
      "fields",
      "secrets",
      "secrets.key",
      "__proto__",
      "constructor",
      "prototype",
      "date",
      "json",
      "where_exp",
    ],
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 3 })), { maxLength: 14 }).map((list) => list.join(" "));
  const isAnswered = (template: string) => {
    const checked = answer(() => {
      checkTemplate(template, "json", "body", ["key"]);
      return "";
    });
    const filled = answer(() => render(template, "json", "body", scope));
    return [checked, filled].every((one) => one === null || typeof one === "string");
  };
  fc.assert(fc.property(text, isAnswered), runs(500));
});

test("thousands of anything are read or refused, and soon", patience, async () => {
  const pieces = [
    "{{",
    "{%",
    "{{ x }}",
    "{{ fields[",
    "{% if x %}",
    "{% for i in data %}",
    "{% liquid ",
    "{{ 1 | plus: 1",
    "| plus: 1 ",
    "{{ '",
    "{% raw %}",
    "{{ x.",
    "%}",
    "{% comment %}",
  ];
  const piled = fc.tuple(fc.constantFrom(...pieces), fc.integer({ min: 200, max: 20_000 }), fc.constantFrom("", "}}", "%}", "{% endif %}"));
  const isSoon = ([text, count, end]: [string, number, string]) => isLimited(text.repeat(count).slice(0, 19_000) + end, "json");
  await fc.assert(fc.asyncProperty(piled, isSoon), timedRuns(30));
});

test("a pattern is a text to a template, so none can explode", () => {
  const text = `${"a".repeat(30_000)}!`;
  expect(render("{{ fields.t | replace: '(a+)+$', 'x' | split: '^(a|a)*$' | size }}", "text", "body", { fields: { t: text } })).toBe("1");
});
