import fc from "fast-check";
import { expect, test } from "vitest";
import type { Event } from "../../src/domain/event.ts";
import { Problem } from "../../src/domain/problem.ts";
import { compileFilter } from "../../src/forward/filter.ts";
import { sampleEvent } from "../../src/forward/sample.ts";
import { hashing, isWithin, patience, runs, timedRuns } from "../fuzz.ts";

const sample = sampleEvent("evt_1", 0);
const numbered = Object.fromEntries(Array.from({ length: 6000 }, (_, n) => [`k${n}`, "v"]));

/** The largest events there can be, of 100 KB: of few long texts, of very many fields, and of both. */
const events: Event[] = [
  { ...sample, fields: { a: "a".repeat(60_000), b: `${"a".repeat(14_000)}b${"a".repeat(15_000)}`, c: "[".repeat(200) } },
  { ...sample, fields: { ...numbered, a: "a".repeat(20_000), b: "b", c: "a,b".repeat(5000) } },
  { ...sample, fields: { ...numbered, a: "{}", b: `[${"1,".repeat(20_000)}1]`, c: "" } },
];

/** True for a filter that is refused with reason and place, or that decides soon of each of these events. */
async function isLimited(source: string): Promise<boolean> {
  const filter = compiled(source);
  if (filter === null) return true;
  const decide = (event: Event) => typeof filter(event, "main") === "boolean" || Promise.reject(new Error("no answer"));
  for (const event of events) if (!(await isWithin(200, hashing, () => decide(event)))) return false;
  return true;
}

function compiled(source: string) {
  try {
    return compileFilter(source);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const [mistake] = error.mistakes;
    const isTold = error.code === "invalid_input" && mistake?.field === "filter" && mistake.reason !== "" && (mistake.line ?? 0) >= 1;
    if (isTold && error.message.includes(mistake.reason) && error.message.length < 1000) return null;
    throw new Error("refused, but not told why", { cause: error });
  }
}

/** Expressions of CEL by their type, as hostile as its functions are. `x` stands for what a loop goes over. */
const exprs = fc.letrec<{ text: string; list: string; truth: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: "medium" },
    fc.constantFrom("fields.a", "fields.b", 'fields["c"]', "x", "fields[x]", '""', '"a"', '"b"', "campaign_name", "fields.missing"),
    fc.tuple(tie("text"), tie("text")).map(([one, other]) => `(${one} + ${other})`),
    fc.tuple(tie("list"), tie("text")).map(([list, text]) => `${list}.join(${text})`),
    fc
      .tuple(tie("text"), fc.constantFrom("lowerAscii()", "upperAscii()", "trim()", "substring(0)", "substring(0, 5000)"))
      .map((parts) => parts.join(".")),
    fc.tuple(tie("text"), fc.constantFrom("hex", "base64", "string")).map(([text, how]) => `bytes(${text}).${how}()`),
    fc.tuple(tie("truth"), tie("text"), tie("text")).map(([truth, one, other]) => `(${truth} ? ${one} : ${other})`),
  ),
  list: fc.oneof(
    { depthSize: "small" },
    fc.tuple(tie("text"), fc.constantFrom('""', '"a"', '","', "fields.b")).map(([text, mark]) => `${text}.split(${mark})`),
    fc.tuple(tie("list"), tie("list")).map(([one, other]) => `(${one} + ${other})`),
    fc.tuple(tie("text"), tie("text"), fc.nat(60)).map(([one, other, count]) => `[${one}${`, ${other}`.repeat(count)}]`),
  ),
  truth: fc.oneof(
    { depthSize: "medium" },
    fc.tuple(tie("text"), fc.constantFrom("contains", "startsWith", "endsWith"), tie("text")).map(([a, how, b]) => `${a}.${how}(${b})`),
    fc.tuple(tie("text"), fc.constantFrom("==", "!=", "<"), tie("text")).map((parts) => `(${parts.join(" ")})`),
    fc.tuple(tie("text"), fc.constantFrom("indexOf", "lastIndexOf"), tie("text")).map(([a, how, b]) => `(${a}.${how}(${b}) == 7)`),
    fc.tuple(tie("text"), tie("list")).map(([text, list]) => `(${text} in ${list})`),
    fc.tuple(tie("list"), tie("list")).map(([one, other]) => `(${one} == ${other})`),
    fc.tuple(tie("text"), tie("list")).map(([text, list]) => `(size(${text}) + size(${list}) + size(fields) < 0)`),
    fc.tuple(tie("text")).map(([text]) => `(bytes(${text}).json().size() == 3)`),
    fc.constantFrom("(x in fields)", "(double(fields.a) == 1.0)", 'timestamp(1).getHours("Europe/Berlin") == 7', "(fields == fields)"),
    fc.tuple(tie("truth"), fc.constantFrom("&&", "||"), tie("truth")).map((parts) => `(${parts.join(" ")})`),
    tie("truth").map((truth) => `!${truth}`),
  ),
}));

/** A loop over all fields, or over all letters of a long one, that only ends with them. */
const looping = fc
  .tuple(
    fc.constantFrom("fields", 'fields.a.split("")', 'fields.c.split(",")', '(fields.a + fields.b).split("")'),
    fc.constantFrom(
      (list: string, truth: string) => `${list}.exists(x, ${truth} && false)`,
      (list: string, truth: string) => `${list}.all(x, ${truth} || true)`,
      (list: string, truth: string) => `${list}.exists_one(x, ${truth})`,
      (list: string, truth: string) => `${list}.filter(x, ${truth}).size() == 3`,
      (list: string, truth: string) => `${list}.map(x, ${truth} ? fields.a : fields.b).join(fields.a).size() == 3`,
    ),
    exprs.truth,
  )
  .map(([list, loop, truth]) => loop(list, truth));
const straight = exprs.truth.map((truth) => truth.replaceAll("fields[x]", "fields.a").replace(/\bx\b/g, "fields.b"));
const bound = fc.tuple(exprs.text, exprs.truth).map(([text, truth]) => `cel.bind(x, ${text.replace(/\bx\b/g, "status")}, ${truth})`);

test("no filter takes long, whatever it loops over, adds up, cuts up and looks for", patience, async () => {
  await fc.assert(fc.asyncProperty(fc.oneof({ weight: 4, arbitrary: looping }, straight, bound), isLimited), timedRuns(25));
});

test.each([
  ["a text in a text of one letter", "fields.a.contains(fields.b)"],
  ["a text cut up at a text of one letter", "fields.a.split(fields.b).size() == 7"],
  ["every letter in the text", 'fields.a.split("").exists(x, fields.a.contains(x + "b"))'],
  ["every field in a long text", `fields.exists(x, (${Array(9).fill("fields.a").join(" + ")}).contains(fields[x] + "x"))`],
  ["a long text in small letters, for every field", `fields.exists(x, (${Array(9).fill("fields.a").join(" + ")}).lowerAscii() == "x")`],
  ["every letter in the list of letters", 'fields.a.split("").exists(x, "q" in fields.a.split(""))'],
  ["every letter before every letter", 'fields.b.split("").join(fields.b).size() == 5'],
  ["lists of all letters, kept", 'fields.map(x, fields.a.split("")).size() == 5'],
  ["the number of fields, for every field", "fields.exists(x, fields.size() == 3)"],
  ["the hour in a zone, for every field", 'fields.exists(x, timestamp(1).getHours("Europe/Berlin") == 77)'],
  ["a long list, for every letter", `fields.a.split("").exists(x, [${Array(200).fill("x").join()}][0] == "b")`],
  ["what is no JSON, for every letter", 'fields.a.split("").exists(x, bytes(x).json().size() == 3)'],
  ["what is not there, for every letter", 'fields.a.split("").exists(x, fields[x + "?"] == "x" || fields.missing == "y")'],
  ["JSON for every field", "fields.exists(x, bytes(fields.b).json().size() == 77)"],
])("it is ended, and soon: %s", patience, async (_, source) => {
  expect(compiled(source)).not.toBeNull();
  expect(await isLimited(source)).toBe(true);
});

test.each([
  ["looking for a long text in a longer one of the same letter", "[fields.a.contains(fields.b)].size() == 1"],
  ["cutting up at it", "[fields.a.split(fields.b)].size() == 1"],
  ["joining all letters by thousands", '{"all": fields.b.split("").join(fields.b.substring(0, 9000))}.size() == 1'],
])("%s is not even begun", (_, source) => {
  const filter = compileFilter(source);
  expect(filter(events[0] as Event, "main")).toBe(false);
  expect(filter({ ...sample, fields: { a: "aa", b: "a".repeat(9001) } }, "main")).toBe(!source.includes("join"));
});

test("a filter that does too much is no match, and the same filter goes on working for others", () => {
  const filter = compileFilter('fields.a.split("").exists(x, fields.a.contains(x + "b")) || true');
  const tooMuch = compileFilter('fields.a.split("").all(x, !fields.a.contains(x + "b"))');
  expect(events.slice(0, 1).map((event) => [filter(event, "main"), tooMuch(event, "main")])).toEqual([[true, false]]);
  expect(tooMuch({ ...sample, fields: { a: "aaaa" } }, "main")).toBe(true);
});

test.each([
  ["an honest loop over 6,000 fields", 'fields.exists(x, fields[x] == "b" && x.startsWith("b"))'],
  ["fifty honest comparisons of long texts", Array(25).fill('(fields.c.contains("ba,ba") && fields.a != "x")').join(" && ")],
  ["words of a list", 'fields.c.split(",").exists(x, x == "ba")'],
])("%s are within the limit", (_, source) => expect(compileFilter(source)(events[1] as Event, "main")).toBe(true));

test("matches() is refused wherever it stands", () => {
  const matching = fc.tuple(exprs.text, exprs.text).map(([one, other]) => `${one}.matches(${other})`);
  const inside = fc
    .tuple(fc.oneof(exprs.truth, looping), matching, fc.nat(4))
    .map(
      ([truth, match, at]) =>
        [`${match} && ${truth}`, `(${truth} ? ${match} : false)`, `[${match}][0]`, `{"a": ${match}}["a"]`, `cel.bind(x, ${match}, x)`][at],
    );
  const inLoop = matching.map((match) => `fields.exists(x, ${match})`);
  const isRefused = (source: string | undefined) => {
    try {
      compileFilter(source ?? "");
      return false;
    } catch (error) {
      return error instanceof Problem && /matches\(\) is not available|Exceeded|loop/.test(error.message);
    }
  };
  fc.assert(fc.property(fc.oneof(inside, inLoop), isRefused), runs(200));
});

test("no second loop, within another or beside it", () => {
  const loops = fc.constantFrom("all", "exists", "exists_one", "filter", "map");
  const sources = fc
    .tuple(loops, loops, fc.constantFrom("fields", '["a"]', 'fields.a.split("")'))
    .chain(([one, other, list]) =>
      fc.constantFrom(
        `${list}.${one}(x, ${list}.${other}(y, x == y) == true)`,
        `${list}.${one}(x, true) == ${list}.${other}(x, true)`,
        `${list}.${one}(x, true).${other}(y, true)`,
      ),
    );
  fc.assert(
    fc.property(sources, (source) => compiled(source) === null),
    runs(50),
  );
});

test("any text is a filter, or is refused with a reason and a place", () => {
  const tokens = [
    ...[
      "status",
      "type",
      "payout",
      "fields",
      "fields.a",
      "x",
      "is_test",
      "google",
      "cel",
      "dyn(",
      "has(",
      "size(",
      ".exists(x, ",
      ".matches(",
      ".split(",
    ],
    ...[
      '"A"',
      "'",
      '"""',
      'r"',
      "b'a'",
      "1",
      "1u",
      "1.0",
      "1e999",
      "9".repeat(400),
      "0x",
      "-",
      "!",
      "(",
      ")",
      "[",
      "]",
      "{",
      "}",
      "?",
      ":",
      ",",
      ".",
    ],
    ...[
      "&&",
      "||",
      "==",
      "in",
      "+",
      "*",
      "/",
      "%",
      "<",
      "//",
      "\n",
      "\0",
      "\ud800",
      "é",
      "null",
      "true",
      "__proto__",
      "constructor",
      ".?",
      "[?",
    ],
  ];
  const text = fc.array(fc.oneof(fc.constantFrom(...tokens), fc.string({ maxLength: 3 })), { maxLength: 12 }).map((list) => list.join(" "));
  const isAnswered = (source: string) => {
    const filter = compiled(source);
    return filter === null || typeof filter(sample, "main") === "boolean";
  };
  fc.assert(fc.property(text, isAnswered), runs(1000));
});

test("thousands of anything are read or refused, and soon", patience, async () => {
  const pieces = [
    "1 + ",
    "(",
    "!",
    "-",
    "[",
    "{1:",
    "status + ",
    "fields.",
    "true && ",
    "true ? true : ",
    "fields[",
    "size(",
    '"a" in [',
    "x.",
    "\n",
    '"',
    "'''",
    "//",
  ];
  const piled = fc.tuple(
    fc.constantFrom(...pieces),
    fc.integer({ min: 400, max: 20_000 }),
    fc.constantFrom("", "true", ")", "1 == 1", '"a" == "a"'),
  );
  const isAnswered = ([piece, count, end]: [string, number, string]) => isWithin(200, hashing, () => compiled(piece.repeat(count) + end));
  await fc.assert(fc.asyncProperty(piled, isAnswered), timedRuns(30));
});
