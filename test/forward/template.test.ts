import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { type Place, placeOf } from "../../src/forward/place.ts";
import { checkTemplate, longestTemplate, render } from "../../src/forward/template.ts";
import { runs } from "../fuzz.ts";

const list = Array.from({ length: 100 }, (_, index) => `a${index}`);
const scope = {
  payout: "0.88",
  promo_code: "",
  sub_id1: 'a"b&c<d>',
  fields: { Name: "{{ secrets.key }}", Quote: '"}', Amp: "&x=1", Many: "1,2", Text: 'say "hi", [ok]' },
  data: { list, numbers: Array(1000).fill(1), items: Array.from({ length: 200 }, (_, index) => ({ sku: `s${index}`, sizes: [1, 2, 3] })) },
  secrets: { key: "k/1" },
};

const fill = (text: string, place: Place = "text", values: object = scope) => render(text, place, "body", values);
const check = (text: string, place: Place = "text") => checkTemplate(text, place, "body", ["key"]);

test.each<[string, Place, string]>([
  ["{{ sub_id1 }}", "json", 'a\\"b&c<d>'],
  ["{{ sub_id1 | json }}", "json", '"a\\"b&c<d>"'],
  ["{{ sub_id1 | raw }}", "json", 'a"b&c<d>'],
  ["{{ sub_id1 | json | upcase }}", "json", '\\"A\\\\\\"B&C<D>\\"'],
  ["{{ sub_id1 }}", "url", "a%22b%26c%3Cd%3E"],
  ["{{ sub_id1 | url_encode }}", "url", "a%22b%26c%3Cd%3E"],
  ["{{ sub_id1 | url_encode | downcase }}", "url", "a%2522b%2526c%253cd%253e"],
  ["{{ sub_id1 }}", "form", "a%22b%26c%3Cd%3E"],
  ["{{ sub_id1 | url_encode }}", "form", "a%22b%26c%3Cd%3E"],
  ["{{ sub_id1 }}", "xml", "a&#34;b&#38;c&#60;d&#62;"],
  ["{{ sub_id1 | escape }}", "xml", "a&#34;b&amp;c&lt;d&gt;"],
  ["{{ sub_id1 }}", "text", 'a"b&c<d>'],
  ["{{ sub_id1 }}", "header", 'a"b&c<d>'],
  ["{{ 'a\r\nX-Evil: 1\u0000\u0085' }}", "header", "aX-Evil: 1"],
  ["{{ '50% für 😀' }}", "header", "50% f%C3%BCr %F0%9F%98%80"],
  ["{{ '50% \"für\" 😀' | header_encode }}", "header", "50%25%20%22f%C3%BCr%22%20%F0%9F%98%80"],
  ["{{ '\u0000\u000b\ufffe' }}", "xml", "\ufffd\ufffd\ufffd"],
  ["{% echo sub_id1 %}", "url", "a%22b%26c%3Cd%3E"],
  ["{% liquid\n echo sub_id1\n%}", "url", "a%22b%26c%3Cd%3E"],
])("%s in %s", (template, place, result) => expect(fill(template, place)).toBe(result));

test("what is captured is escaped once, where it goes out", () => {
  expect(fill("{% capture x %}<{{ sub_id1 }}>{% endcapture %}{{ x }} {{ x | json }}", "json")).toBe('<a\\"b&c<d>> "<a\\"b&c<d>>"');
  expect(fill("{% capture x %}{{ sub_id1 }}{% endcapture %}{{ sub_id1 }}", "url")).toBe("a%22b%26c%3Cd%3E");
});

test("a value is no template", () => {
  expect(fill("{{ fields.Name }}")).toBe("{{ secrets.key }}");
});

test("what is absent is empty, and counts as false", () => {
  expect(fill("[{{ promo_code }}{{ fields.None }}{{ fields.None.more }}]")).toBe("[]");
  expect(fill("{% if promo_code %}yes{% else %}no{% endif %} {{ promo_code | default: 'none' }} {{ fields.None | json }}")).toBe(
    "no none null",
  );
});

test("an amount stays exact", () => {
  expect(fill("{{ payout }}", "json")).toBe("0.88");
});

test("a list where one number belongs is no JSON, and between quotes it is what it was", () => {
  expect(() => JSON.parse(fill('{"n": [{{ fields.Many }}]}', "json"))).toThrow();
  expect(JSON.parse(fill('["{{ fields.Many }}", "{{ fields.Text }}"]', "json"))).toEqual(["1,2", 'say "hi", [ok]']);
});

test("hashes are those of everybody", () => {
  expect(fill("{{ payout | sha256 }}")).toBe(createHash("sha256").update("0.88").digest("hex"));
  expect(fill("{{ 'what do ya want for nothing?' | hmac_sha256: 'Jefe' }}")).toBe(
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", // RFC 4231, test case 2
  );
});

test("dates are in UTC and English, wherever it runs", () => {
  expect(fill("{{ '2026-05-13T11:37:49+08:00' | date: '%A %Y-%m-%dT%H:%M %s' }}")).toBe("Wednesday 2026-05-13T03:37 1778643469");
});

test.each([
  ["application/json", "json"],
  ["application/cloudevents+json; charset=utf-8", "json"],
  ["application/x-ndjson", "json"],
  ["Application/X-WWW-Form-Urlencoded; charset=utf-8", "form"],
  ["text/xml", "xml"],
  ["application/soap+xml", "xml"],
  ["text/html", "xml"],
  ["text/plain", "text"],
  ["", "text"],
])("a body of type %j is %s", (contentType, place) => expect(placeOf(contentType)).toBe(place));

const anyText = fc.string({ unit: "binary", maxLength: 40 });
const tricky = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(..."\"\\{}[]&=?#%<>'\r\n/.,: 1e-truefalsn\ud800😀") }));

test("any value between quotes leaves JSON that holds exactly that value", () => {
  fc.assert(
    fc.property(tricky, (value) => JSON.parse(fill('{"v": "{{ fields.v }}"}', "json", { fields: { v: value } })).v === value),
    runs(),
  );
});

test("any value by json leaves JSON that holds exactly that value", () => {
  fc.assert(
    fc.property(tricky, (value) => JSON.parse(fill('{"v": {{ fields.v | json }}}', "json", { fields: { v: value } })).v === value),
    runs(),
  );
});

test("any value without quotes is a number, a truth or nothing, or it is no JSON", () => {
  fc.assert(
    fc.property(tricky, (value) => {
      const members = membersOf(fill('{"v": [{{ fields.v | default: 0 }}]}', "json", { fields: { v: value } }));
      return members === null || (members.length < 2 && !members.some((member) => typeof member === "object" && member !== null));
    }),
    runs(2000),
  );
});

test.each<Place>(["url", "form"])("any value comes out of the query as it was, and alone (%s)", (place) => {
  fc.assert(
    fc.property(tricky, (value) => {
      const query = new URLSearchParams(fill("a={{ fields.v }}&b={{ fields.v | url_encode }}", place, { fields: { v: value } }));
      const wellFormed = value.toWellFormed();
      return [...query].length === 2 && query.get("a") === wellFormed && query.get("b") === wellFormed;
    }),
    runs(),
  );
});

test("any value makes a header that fetch takes", () => {
  fc.assert(
    fc.property(tricky, (value) => {
      const header = fill("a{{ fields.v }}{{ fields.v | header_encode }}b", "header", { fields: { v: value } });
      return new Headers({ x: header }).get("x") === header && /^[\x20-\x7e]*$/.test(header);
    }),
    runs(),
  );
});

test("any value by header_encode comes back by percent-decoding", () => {
  fc.assert(
    fc.property(
      tricky,
      (value) => decodeURIComponent(fill("{{ fields.v | header_encode }}", "header", { fields: { v: value } })) === value.toWellFormed(),
    ),
    runs(),
  );
});

test("any value stays text in XML", () => {
  fc.assert(
    fc.property(tricky, (value) => !/[<>"']|&(?!#\d+;)/.test(fill("{{ fields.v }}", "xml", { fields: { v: value } }))),
    runs(),
  );
});

test.each<[string, number, number, string]>([
  ["{{ payot }}", 1, 4, "there is no payot. Known names: kind, type"],
  ["a\n  {% if payot %}{% endif %}", 2, 9, "no payot"],
  ["{{ payout | plus: nope }}", 1, 19, "no nope"],
  ["{{ data[nope] }}", 1, 9, "no nope"],
  ["{% for x in nope %}{% endfor %}", 1, 13, "no nope"],
  ["{{ x }}{% assign x = 1 %}", 1, 4, "no x"],
  ["{{ secrets.kye }}", 1, 4, "there is no secrets.kye. Known are secrets.key; add it to secrets"],
  ["{{ secrets | json }}", 1, 4, "no secret named here"],
  ["{{ secrets[sub_id1] }}", 1, 4, "no secret named here"],
  ["{{ [sub_id1] }}", 1, 4, "a value may not choose what is named"],
  ["{{ [sub_id1].key }}", 1, 4, "a value may not choose what is named"],
  ["{{ payout | plsu: 1 }}", 1, 1, "there is no filter plsu here. There are abs, append"],
  ["{{ payout | where_exp: 'x', 'x' }}", 1, 1, "no filter where_exp"],
  ["{{ payout | group_by: sub_id1 }}", 1, 1, "no filter group_by"],
  ["\n{% render 'x' %}", 2, 1, "there is no tag render here. There are"],
  ["{% include 'x' %}", 1, 1, "no tag include"],
  ["{% layout 'x' %}", 1, 1, "no tag layout"],
  ["{% block x %}{% endblock %}", 1, 1, "no tag block"],
  ["{% increment payout %}", 1, 1, "no tag increment"],
  ["{{ (1..3) | join }}", 1, 4, "ranges like (1..9) are not available"],
  ["{% for x in (1..3) %}{% endfor %}", 1, 13, "ranges"],
  ["{% for x in data.list limit:(1..3) %}{% endfor %}", 1, 29, "ranges"],
  ["{% case payout %}{% when (1..3) %}{% endcase %}", 1, 26, "ranges"],
  ["{{ data[(1..3)] }}", 1, 9, "ranges"],
  ["{% liquid\n  for x in (1..3)\n  endfor %}", 2, 12, "ranges"],
  ["{{ payout", 1, 1, "not closed"],
  ["{% if payout %}", 1, 1, "not closed"],
  ["{{ payout ! }}", 1, 12, "expected"],
])("%j is refused where the mistake is", (template, line, column, words) => {
  const problem = refusal(() => check(template));
  expect(problem.code).toBe("invalid_input");
  expect(problem.mistakes).toMatchObject([{ field: "body", line, column }]);
  expect(problem.message).toContain(`at line ${line}, column ${column}`);
  expect(problem.message).toContain(words);
});

test.each<Place>(["url", "form", "header"])("raw is not to be had in %s", (place) => {
  const { message } = refusal(() => check("{{ payout | raw }}", place));
  expect(message).toContain("no filter raw here");
  expect(message.split("There are")[1]).not.toContain("raw");
});

test("names of its own, fields of any name and secrets that are there are known", () => {
  check("{% assign x = payout %}{{ x }}{{ fields.Anything }}{{ fields[sub_id1] }}{{ data.items[0].sku }}{{ secrets.key }}");
  check("{% for item in data.items %}{{ forloop.index }}{{ item.sku }}{% endfor %}{% capture y %}{% endcapture %}{{ y }}");
});

test("a template has an end", () => {
  expect(fill(`{{ payout }}${" ".repeat(longestTemplate - 12)}`)).toHaveLength(longestTemplate - 8);
  expect(refusal(() => check(`{{ payout }}${" ".repeat(longestTemplate - 11)}`)).message).toContain("20001 characters");
});

const twice = (inner: string) => `{% for a in data.list %}{% for b in data.list %}${inner}{% endfor %}{% endfor %}`;

/** Each would take minutes, days or all memory. */
test.each<[string, string]>([
  ["loops in loops", twice(twice(twice("")))],
  [
    "rounds that do nothing",
    "{% assign l = data.list | slice: 0, 60 %}{% for a in l %}{% for b in data.numbers %}{% endfor %}{% endfor %}",
  ],
  ["loops by liquid", `{% liquid\n${"for a in data.list\n".repeat(6)}echo a\n${"endfor\n".repeat(6)}%}`],
  ["long conditions", twice(`{% if ${"1 == 1 and ".repeat(1500)}true %}{% endif %}`)],
  ["long chains of filters", twice(`{{ 1 ${"| plus: 1".repeat(2000)} }}`)],
  ["many arguments", twice(`{{ 1 | plus: ${"1,".repeat(9000)}1 }}`)],
  ["many cases", twice(`{% case 0 %}{% when ${"1,".repeat(9000)}1 %}{% endcase %}`)],
  ["dates", twice(`{{ 0 | date: '${"%A".repeat(100)}' }}`)],
  ["dates by the usual format", twice("{{ 0 | date: nil }}{{ 0 | date }}")],
  ["dates of elsewhere", twice("{{ 0 | date: '%H', 'Europe/Berlin' }}")],
  ["wide dates", "{{ 0 | date: '%99999999d' }}"],
  ["comparisons of lists", twice("{% if data.items == data.items %}{% endif %}")],
  ["cases of lists", twice("{% case data.items %}{% when data.items %}{% endcase %}")],
  ["lists of lists", twice("{{ data.items | map: 'sizes' }}")],
  ["objects walked through", twice("{% for pair in fields %}{% endfor %}{% for pair in data.items[0] %}{% break %}{% endfor %}")],
  ["sorting", twice("{% assign sorted = data.items | sort_natural: 'sku' %}")],
  ["doubling", `{% assign x = 'aaaaaaaa' %}${"{% assign x = x | append: x %}".repeat(60)}`],
  ["doubling by capture", `{% assign x = 'aa' %}${twice("{% capture x %}{{ x }}{{ x }}{% endcapture %}")}`],
  ["replacing nothing", `{% assign x = 'aaaaaaaa' %}${twice("{% assign x = x | replace: '', x %}")}`],
  ["splitting and joining", `{% assign x = 'aaaaaaaa' %}${twice("{% assign x = x | split: '' | join: 'bbbb' %}")}`],
  ["encoding again and again", `{% assign x = 'é' %}${twice("{% assign x = x | url_encode %}")}`],
  ["JSON of JSON", twice("{{ data | json | json | json }}")],
  ["hashing", twice("{{ 'x' | sha256 | hmac_sha256: 'x' }}")],
])("%s: it is ended, and soon", async (_, template) => {
  await scheduler.wait(1); // the clock of a Worker goes on only here
  const start = Date.now();
  expect(refusal(() => fill(template)).message).toContain("it does too much");
  await scheduler.wait(1);
  expect(Date.now() - start).toBeLessThan(10_000);
});

test("nested without end, it is refused", () => {
  expect(refusal(() => check(`{% liquid ${"liquid ".repeat(2800)}%}`)).message).toContain("nested too deeply");
  expect(refusal(() => check(`{{ ${"fields[".repeat(2800)} }}`)).code).toBe("invalid_input");
});

test("what an honest body takes is far from the limit", () => {
  const body = '{% for item in data.items %}{"sku": "{{ item.sku | upcase }}", "at": "{{ 0 | date: \'%Y-%m-%d\' }}"},{% endfor %}';
  expect(fill(body, "json", { data: { items: scope.data.items.slice(0, 100) } })).toContain('{"sku": "S99", "at": "1970-01-01"}');
});

test("the same template again is not parsed again, and goes on working when others push it out", () => {
  for (let index = 0; index < 120; index++) fill(`{{ payout }}${String(index).repeat(9000).slice(0, 18_000)}`);
  expect(fill("{{ payout }}!")).toBe("0.88!");
});

function membersOf(text: string): unknown[] | null {
  try {
    return JSON.parse(text).v;
  } catch {
    return null;
  }
}

function refusal(attempt: () => unknown): Problem {
  try {
    attempt();
  } catch (problem) {
    expect(problem).toBeInstanceOf(Problem);
    return problem as Problem;
  }
  throw new Error("it was taken");
}
