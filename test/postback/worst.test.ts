import fc from "fast-check";
import { expect, test } from "vitest";
import { largestReceipt } from "../../src/domain/receipt.ts";
import { redact } from "../../src/postback/secrets.ts";
import { isWithin, patience, timedRuns } from "../fuzz.ts";
import { isAnswered, isTextAnswered } from "./answered.ts";

/** As often as it goes into the largest receipt. */
const fill = (piece: string, before = "", after = "") =>
  before + piece.repeat(Math.floor((largestReceipt - before.length - after.length) / piece.length)) + after;
const numbered = (write: (n: number) => string, glue = "") => Array.from({ length: 5000 }, (_, n) => write(n)).join(glue);

const worst: Record<string, string> = {
  "an unclosed quote": fill("x", '{"'),
  "quotes alone": fill('"', "{"),
  "escaped quotes in a string": fill('\\"', '{"a":"', '"}'),
  "escaped quotes without an end": fill('\\"', '{"a":"'),
  "escaped quotes and a backslash at the end": fill('\\"', '{"', "\\"),
  "backslashes in a string": fill("\\\\", '{"a":"', '"}'),
  "keys and colons without values": fill('"a":', "{"),
  "one key again and again": fill('"a":1,', "{", '"b":2}'),
  "colons and commas": fill(":,", '{"a"'),
  "blanks after a colon": fill(" ", '{"a":', "x}"),
  "lists that never close": fill("["),
  "objects that never close": fill('{"a":'),
  "lists in a list": fill("[],", '{"a":[', "[]]}"),
  "a very long number": fill("9", '{"payout":', "}"),
  "5,000 keys of JSON": `{${numbered((n) => `"k${n}":"v"`, ",")}}`,
  "5,000 keys of a form": numbered((n) => `k${n}=v`, "&"),
  "one key of a form again and again": fill("a=1&"),
  "signs of equality": fill("=", "a"),
  "percent signs": fill("%", "a="),
  "a very long literal macro": fill("A", "a={", "}"),
  "blanks before a brace": fill(" ", "a=%7B", "x"),
  braces: fill("{", "a="),
  "5,000 elements": `<a>${numbered((n) => `<k${n}>v</k${n}>`)}</a>`,
  "5,000 attributes": `<a ${numbered((n) => `k${n}="v"`, " ")}/>`,
  "elements that never close": fill("<a>"),
  "empty elements": fill("<b/>", "<a>", "</a>"),
  "character references": fill("&#x41;", "<a><b>", "</b></a>"),
  "references without an end": fill("&#x4", "<a><b>", "</b></a>"),
  ampersands: fill("&", "<a>", "</a>"),
  "CDATA that never closes": fill("<![CDATA[", "<a>"),
  "comments that never close": fill("<!--", "<a>"),
  "instructions that never close": fill("<?", ""),
  "attributes that never close": fill('b="', "<a "),
  "opening brackets": fill("<"),
  "one item again and again": fill("<item/>", "<a><items>", "</items></a>"),
  "a very long name": fill("a", "<", "/>"),
  "parts without a name": fill("\r\n--b\r\nContent-Disposition: form-data", "--b\r\nContent-Type: a", "\r\n--b--"),
  "headers of a part": fill("content-disposition:", "--b\r\ncontent-disposition:", "\r\n\r\n\r\n--b--"),
  "blanks in a part's header": fill("; ", "--b\r\ncontent-disposition:", "\r\n\r\n\r\n--b--"),
  "line ends in a part": fill("\r\n", '--b\r\ncontent-disposition: form-data; name="a"', "x\r\n--b--"),
  boundaries: fill("--b", "--b\r\ncontent-a:", "--"),
};

/** Each of three ways to go over a call, for which 100 KB of flat JSON set the pace. */
const ways: Record<string, (text: string) => boolean> = {
  "come back": isTextAnswered,
  "in a query come back": (query) => isAnswered({ query }),
  "can be shown": (raw) => redact(raw) !== "",
};

const honest = `{${Array.from({ length: 3000 }, (_, n) => `"key_${n}": "value ${n} of 3000 in all"`).join()}}`.slice(0, largestReceipt);

/** Far above what the slowest needs, and far below what a pattern takes that goes back again and again. */
const isSoon = (work: () => unknown) => isWithin(60, () => isTextAnswered(honest), work);

const each = Object.entries(worst).flatMap(([name, text]) => Object.entries(ways).map(([way, go]) => [name, way, text, go] as const));

test.each(each)("100 KB of %s %s soon", async (_name, _way, text, go) => {
  expect(go(text)).toBe(true);
  expect(await isSoon(() => go(text))).toBe(true);
});

/** What a pattern might go back over: marks of each language, blanks, and runs of letters. */
const marks = [
  ...[
    '"',
    '\\"',
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "a",
    " ",
    "\t",
    "\n",
    "\r\n",
    "\0",
    "=",
    "&",
    "%",
    "+",
    ";",
    "'",
    "<",
    ">",
    "/",
    "!",
    "?",
    "-",
  ],
  ...["--b", "content-disposition:", "content-type:", " name=", ' name="', "token", "&#x", "&#", "amp;", "<![CDATA[", "]]>", "<!--", "-->"],
  ...["items", "item", "null", "{SubId1}", "Payout", "é", "\ufffd"],
];
const some = fc.array(fc.constantFrom(...marks), { maxLength: 6 }).map((list) => list.join(""));
const openings = fc.constantFrom(
  "",
  "{",
  '{"',
  '{"a":',
  '{"a","b":',
  "<a>",
  "<a ",
  "<a><b>",
  "a=",
  "--b\r\ncontent-disposition:",
  "--b\r\ncontent-a: b\r\n",
);
const repetitive = fc
  .tuple(
    openings,
    some,
    some.filter((piece) => piece !== ""),
    some,
  )
  .map(([opening, before, piece, after]) => fill(piece, opening + before, after));

test("100 KB of any piece, again and again, come back and can be shown soon", patience, async () => {
  const isDone = (text: string) => Object.values(ways).every((go) => go(text));
  await fc.assert(
    fc.asyncProperty(repetitive, async (text) => isDone(text) && (await isSoon(() => isDone(text)))),
    timedRuns(40),
  );
});
