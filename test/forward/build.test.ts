import fc from "fast-check";
import { expect, test } from "vitest";
import type { Form } from "../../src/domain/destination.ts";
import { Problem } from "../../src/domain/problem.ts";
import { build, checkForm, type Material, needsReceipt } from "../../src/forward/build.ts";
import { sampleEvent } from "../../src/forward/sample.ts";
import { runs } from "../fuzz.ts";

const sample = sampleEvent("evt_1", Date.UTC(2026, 4, 13, 3, 37, 49));
const plain: Form = { preset: "standard-webhooks", method: "POST", url: "https://far.example/hook", body: null };
const hostile = `"} ]&x=1#<script>'; 😀\r\nX-Evil: 1 {{ secrets.key }} {% raw %} ../..`;

function built(form: Partial<Form>, fields: Record<string, string> = {}, more: Partial<Material> = {}) {
  const event = { ...sample, fields: { ...sample.fields, ...fields } };
  return build({ ...plain, ...form }, { event, sourceName: "main", secrets: { key: "k&1" }, headers: {}, receipt: null, ...more });
}

const check = (form: Partial<Form>, headers: Record<string, string> = {}) => checkForm({ ...plain, ...form }, headers, ["key"]);

test("macros in a GET's URL come out as they should", () => {
  const url = "https://tracker.example/postback?cid={{ sub_id1 | url_encode }}&payout={{ payout }}";
  check({ method: "GET", url });
  expect(built({ method: "GET", url }, { SubId1: "a b&c" })).toEqual({
    url: "https://tracker.example/postback?cid=a%20b%26c&payout=0.88",
    method: "GET",
    headers: {},
    body: null,
  });
});

test("a template sees every name there is", () => {
  const names =
    "{{ kind }}|{{ type }}|{{ status }}|{{ source }}|{{ action_id }}|{{ campaign_id }}|{{ campaign_name }}|{{ payout }}|{{ amount }}|" +
    "{{ currency }}|{{ sub_id1 }}|{{ sub_id2 }}|{{ shared_id }}|{{ promo_code }}|{{ is_test }}|{{ fields.ActionId }}|{{ event_id }}|" +
    "{{ timestamp }}|{{ occurred_at }}|{{ received_at }}|{{ unix_time }}|{{ data.delta_payout }}|{{ secrets.key }}";
  const headers = { "content-type": "text/plain" };
  check({ body: names }, headers);
  expect(built({ body: names }, {}, { headers }).body).toBe(
    "action-lifecycle|action.pending|PENDING|main|1000.4636.158133|1000|Sample campaign|0.88|21.99|USD|sample||||true|1000.4636.158133|evt_1|" +
      "2026-05-13T03:37:49Z|2026-05-13T03:37:49Z|2026-05-13T03:37:49Z|1778643469|0.88|k&1",
  );
});

test.each<[string, string, (text: string) => unknown]>([
  ["application/json", '{"v": "{{ sub_id1 }}", "w": {{ sub_id1 | json }}}', (body) => Object.values(JSON.parse(body))],
  ["application/vnd.far+json; charset=utf-8", '{"v": "{{ sub_id1 }}", "w": "{{ sub_id1 }}"}', (body) => Object.values(JSON.parse(body))],
  ["application/x-www-form-urlencoded", "v={{ sub_id1 }}&w={{ sub_id1 }}", (body) => [...new URLSearchParams(body).values()]],
  ["text/plain", "{{ sub_id1 }}\0{{ sub_id1 }}", (body) => body.split("\0")],
])("a hostile value stays a value in a body of %s", (contentType, body, read) => {
  const headers = { "Content-Type": contentType };
  check({ body }, headers);
  const request = built({ body }, { SubId1: hostile }, { headers });
  expect(read(request.body as string)).toEqual([hostile, hostile]);
  expect(request.headers).toEqual({ "Content-Type": contentType });
});

test("a hostile value stays text in XML", () => {
  const request = built({ body: '<v a="{{ sub_id1 }}"/>' }, { SubId1: hostile }, { headers: { "content-type": "text/xml" } });
  expect(request.body).toMatch(/^<v a="[^"<>]*"\/>$/);
});

test("a hostile value stays one part of a path, and one value of a query", () => {
  const { url } = built({ url: "https://far.example/in/{{ sub_id1 }}/end?v={{ sub_id1 }}" }, { SubId1: hostile });
  const { host, pathname, searchParams, hash } = new URL(url);
  expect([host, pathname.split("/").length, hash]).toEqual(["far.example", 4, ""]);
  expect(decodeURIComponent(pathname.split("/")[2] ?? "")).toBe(hostile);
  expect([...searchParams]).toEqual([["v", hostile]]);
});

test("a hostile value stays in its header", () => {
  const { headers } = built({}, { SubId1: hostile }, { headers: { "X-Sub": "sub={{ sub_id1 }}; {{ secrets.key }}" } });
  expect(Object.keys(headers)).toEqual(["content-type", "X-Sub"]);
  expect(new Headers(headers).get("x-sub")).toBe(headers["X-Sub"]);
  expect(headers["X-Sub"]).toMatch(/^[\x20-\x7e]*; k&1$/);
});

test.each([[".."], ["."], ["%2e%2E"]])("a part of a path that comes out as %j is refused, since it would lead elsewhere", (value) => {
  const url = value.includes("%") ? `https://far.example/in/${value}/{{ sub_id1 }}` : "https://far.example/in/{{ sub_id1 }}/end";
  expect(refusal(() => built({ url }, { SubId1: value })).mistakes).toMatchObject([{ field: "url" }]);
  expect(built({ url: "https://far.example/in?v={{ sub_id1 }}/../x" }, { SubId1: ".." }).url).toBe("https://far.example/in?v=../../x");
});

test("no value changes scheme, host or port", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.constantFrom("@evil.example", "//evil.example", "\\\\evil", ":81", "?", "#")), (value) => {
      const { origin } = new URL(built({ url: "https://far.example:8443/{{ sub_id1 }}x?{{ sub_id1 }}" }, { SubId1: value }).url);
      return origin === "https://far.example:8443";
    }),
    runs(),
  );
});

test.each([
  ["https://{{ sub_id1 }}.example/", 1, 9],
  ["https://far.example{{ sub_id1 }}/", 1, 20],
  ["https://far.example{{sub_id1}}/", 1, 20],
  ["https://{{sub_id1}}/", 1, 9],
  ["https://far.example{%if%}/", 1, 20],
  ["https://far.example:{{ sub_id1 }}/", 1, 21],
  ["{{ sub_id1 }}://far.example/", 1, 1],
  ["https:/{{ sub_id1 }}/far.example/", 1, 8],
  ["https:///{{ sub_id1 }}/", 1, 10],
  ["https://far.example\\{{ sub_id1 }}/", 1, 21],
  ["{% if status %}https://far.example/{% endif %}", 1, 1],
  ["ftp://far.example/{{ sub_id1 }}", 1, 19],
])("Liquid in %j is refused: it could choose whom we call", (url, line, column) => {
  const problem = refusal(() => check({ url }));
  expect(problem.mistakes).toMatchObject([{ field: "url", line, column }]);
  expect(problem.message).toContain("not in its scheme, host or port");
});

test("a fragment is refused, since it is never sent", () => {
  expect(refusal(() => check({ url: "https://far.example/{{ sub_id1 }}#a{{ payout }}" })).mistakes).toMatchObject([
    { field: "url", column: 34 },
  ]);
  check({ url: "https://far.example/{{ sub_id1 | append: '#' }}" });
});

test("the preset's query stands only where the URL has none", () => {
  const voluum = { preset: "voluum", method: "GET" } as const;
  expect(built({ ...voluum, url: "https://t.example/p" }).url).toMatch(/^https:\/\/t\.example\/p\?cid=sample&/);
  expect(built({ ...voluum, url: "https://t.example/{{ sub_id1 | default: '?' }}" }).url).toMatch(
    /^https:\/\/t\.example\/sample\?cid=sample&/,
  );
  expect(built({ ...voluum, url: "https://t.example/p?cid={{ sub_id2 }}" }).url).toBe("https://t.example/p?cid=");
});

test("a URL without Liquid is sent as it was written", () => {
  expect(built({ url: "https://far.example/a b?q={x}" }).url).toBe("https://far.example/a b?q={x}");
});

test("an operator's body takes the place of the preset's, and his headers that of its headers", () => {
  const form = { preset: "cloudevents-binary", body: '{"p": {{ payout }}}' } as const;
  const request = built(form, {}, { headers: { "Ce-Type": "mine.{{ type }}", "X-Key": "{{ secrets.key }}" } });
  expect(request.body).toBe('{"p": 0.88}');
  expect(request.headers).toMatchObject({
    "ce-id": "evt_1",
    "content-type": "application/json",
    "Ce-Type": "mine.action.pending",
    "X-Key": "k&1",
  });
  expect(request.headers).not.toHaveProperty("ce-type");
});

test("a header that comes out empty is left out", () => {
  expect(built({}, {}, { headers: { "X-Promo": " {{ promo_code }} " } }).headers).not.toHaveProperty("X-Promo");
});

test("with GET there is no body and nothing said of it", () => {
  expect(built({ method: "GET" })).toMatchObject({ headers: {}, body: null });
});

test("a tracker called by POST has no body either, unless one is written", () => {
  const form = { preset: "keitaro", url: "https://t.example/k/postback" } as const;
  expect(built(form)).toMatchObject({ headers: {}, body: null });
  expect(built({ ...form, body: '"{{ payout }}"' })).toMatchObject({ headers: { "content-type": "application/json" }, body: '"0.88"' });
});

test("only raw needs the receipt", () => {
  expect([needsReceipt(plain), needsReceipt({ ...plain, preset: "raw" })]).toEqual([false, true]);
});

test("a body that comes out as no JSON is not sent, and what it holds is not told", () => {
  const problem = refusal(() => built({ body: '{"v": {{ sub_id1 }}, "k": "{{ secrets.key }}"}' }, { SubId1: "pass word" }));
  expect(problem.mistakes).toEqual([{ field: "body", reason: "what comes out is not JSON" }]);
  expect(JSON.stringify(problem)).not.toMatch(/pass|k&1/);
});

test.each<[string, Partial<Form>, Record<string, string>, string, string]>([
  ["an unknown name in the URL", { url: "https://far.example/{{ payot }}" }, {}, "url", "no payot"],
  ["an unknown name in a header", {}, { "X-A": "{{ payot }}" }, "headers.X-A", "no payot"],
  ["an unknown name in the body", { body: "{{ payot }}" }, {}, "body", "no payot"],
  ["an unknown secret", { body: '"{{ secrets.kye }}"' }, {}, "body", "Known are secrets.key"],
  ["a URL that is not closed", { url: "https://far.example/{{ payout" }, {}, "url", "not closed"],
  ["a tracker's URL that is not closed", { preset: "voluum", url: "https://far.example/{{ payout" }, {}, "url", "not closed"],
  ["a preset's secret that is missing", { preset: "ga4" }, {}, "url", "no secrets.measurement_id"],
  ["a text without quotes", { body: '{"v": {{ campaign_name }}}' }, {}, "body", "Put texts between quotes"],
  ["a number that may be absent", { body: '{"v": {{ payout }}}' }, {}, "body", "for an event without any values"],
  ["JSON between quotes", { body: '{"v": "{{ campaign_name | json }}"}' }, {}, "body", "it is not JSON"],
  ["a header of two lines", {}, { "X-A": "{{ payout }}\n{{ payout }}" }, "headers.X-A", "printable ASCII"],
  ["a header in Greek", {}, { "X-A": "α" }, "headers.X-A", "printable ASCII"],
  ["Liquid in the content type", { body: "{}" }, { "Content-Type": "text/{{ kind }}" }, "headers.content-type", "may not hold Liquid"],
  ["a body for GET", { method: "GET", body: "{}" }, {}, "body", "choose POST"],
  ["a body for raw", { preset: "raw", body: "{}" }, {}, "body", "Choose another preset"],
  ["a template that explodes", { body: bomb() }, { "content-type": "text/plain" }, "body", "it does too much"],
  ["a body that is too long", { body: `{{ payout }}${" ".repeat(20_000)}` }, {}, "body", "20012 characters"],
])("%s is refused when it is saved", (_, form, headers, field, words) => {
  const problem = refusal(() => check(form, headers));
  expect(problem.code).toBe("invalid_input");
  expect(problem.mistakes).toMatchObject([{ field }]);
  expect(problem.message).toContain(words);
});

test("what holds for every event is taken", () => {
  check({ body: '{"v": {{ payout | default: 0 }}, "w": {{ payout | json }}, "n": "{{ campaign_name }}"}' });
  check({ body: "v={{ campaign_name }}" }, { "content-type": "application/x-www-form-urlencoded" });
  check({}, { Authorization: "Bearer {{ secrets.key }}" });
});

function bomb(): string {
  return `{% assign x = "12345678" %}${"{% assign x = x | append: x %}".repeat(40)}{{ x }}`;
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
