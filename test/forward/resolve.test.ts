import { beforeEach, expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { newResolver } from "../../src/forward/resolve.ts";
import type { Guard } from "../../src/forward/target.ts";

const strict: Guard = { allowLoopback: false, allowed: [] };
const endpoint = "https://dns.example/dns-query?key=1";

interface Asked {
  url: URL;
  init: RequestInit;
}
type Answer = (asked: Asked) => Response | Promise<Response>;

const a = (data: string, TTL = 60) => ({ name: "far.example.", type: 1, TTL, data });
const aaaa = (data: string, TTL = 60) => ({ name: "far.example.", type: 28, TTL, data });
const cname = (data: string, TTL = 60) => ({ name: "far.example.", type: 5, TTL, data });
const reply = (Answer?: unknown[], Status = 0): Response => Response.json({ Status, TC: false, ...(Answer ? { Answer } : {}) });
const both =
  (forA: () => Response, forAAAA: () => Response): Answer =>
  ({ url }) =>
    url.searchParams.get("type") === "A" ? forA() : forAAAA();

const clock = { now: 0 };
beforeEach(() => {
  clock.now = 1_000_000;
});

/** A resolver before a DNS server that answers like this; `asked` are the questions it got. */
function resolverOf(answer: Answer, timeLimitMs?: number) {
  const asked: Asked[] = [];
  const fetcher = (async (input, init) => {
    const question = { url: new URL(String(input)), init: init as RequestInit };
    asked.push(question);
    return await answer(question);
  }) as typeof fetch;
  return { asked, resolver: newResolver(fetcher, endpoint, () => clock.now, timeLimitMs) };
}

/** The code and reason that a host is refused for; "passes" when it is not. */
async function verdict(answer: Answer, host = "far.example", guard = strict, timeLimitMs?: number): Promise<string> {
  try {
    await resolverOf(answer, timeLimitMs).resolver.check(host, guard);
    return "passes";
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return `${error.code}: ${error.mistakes[0]?.field} ${error.mistakes[0]?.reason}`;
  }
}

test("asks for A and AAAA in the JSON form, keeps the endpoint's own query, and follows no redirect", async () => {
  const { asked, resolver } = resolverOf(() => reply([a("8.8.8.8")]));
  await resolver.check("far.example.", strict);
  expect(asked.map(({ url }) => url.href).sort()).toEqual([
    "https://dns.example/dns-query?key=1&name=far.example&type=A",
    "https://dns.example/dns-query?key=1&name=far.example&type=AAAA",
  ]);
  for (const { init } of asked) expect(init).toMatchObject({ headers: { accept: "application/dns-json" }, redirect: "manual" });
});

test("asks both questions at once", async () => {
  let open = 0;
  const arrived = Promise.withResolvers<void>();
  const together: Answer = async () => {
    if (++open === 2) arrived.resolve();
    await arrived.promise;
    return reply([a("8.8.8.8")]);
  };
  expect(await verdict(together)).toBe("passes");
});

test.each<[string, Answer]>([
  [
    "IPv4 only",
    both(
      () => reply([a("93.184.216.34")]),
      () => reply(),
    ),
  ],
  [
    "IPv6 only",
    both(
      () => reply(),
      () => reply([aaaa("2606:4700:4700::1111")]),
    ),
  ],
  [
    "both",
    both(
      () => reply([a("1.1.1.1"), a("1.0.0.1")]),
      () => reply([aaaa("2606:4700:4700::1111")]),
    ),
  ],
  ["a chain of CNAMEs", () => reply([cname("cdn.example."), cname("edge.example."), a("1.1.1.1")])],
  ["records of other types", () => reply([a("1.1.1.1"), { name: "x.", type: 46, TTL: 1, data: "A 13 2 …" }])],
])("a name with public addresses passes: %s", async (_, answer) => expect(await verdict(answer)).toBe("passes"));

test.each<[string, Answer, string]>([
  [
    "private A",
    both(
      () => reply([a("10.0.0.5")]),
      () => reply(),
    ),
    "10.0.0.5, a private address",
  ],
  [
    "private AAAA",
    both(
      () => reply([a("1.1.1.1")]),
      () => reply([aaaa("fd00::5")]),
    ),
    "fd00::5, a unique local address",
  ],
  ["loopback", () => reply([a("127.0.0.1")]), "127.0.0.1, a loopback address"],
  ["metadata", () => reply([a("169.254.169.254")]), "169.254.169.254, a link-local address"],
  ["IPv4-mapped", () => reply([aaaa("::ffff:10.0.0.5")]), "::ffff:10.0.0.5, an IPv4-mapped address"],
  ["NAT64", () => reply([aaaa("64:ff9b::a00:5")]), "64:ff9b::a00:5, a NAT64 address"],
  ["a public one before the private one", () => reply([a("1.1.1.1"), a("10.0.0.5")]), "10.0.0.5, a private address"],
  ["at the end of CNAMEs", () => reply([cname("db.corp.example."), cname("x."), a("10.0.0.5")]), "10.0.0.5, a private address"],
])("a name that leads to a special-purpose address is refused: %s", async (_, answer, words) => {
  expect(await verdict(answer)).toBe(
    `invalid_input: url leads to far.example, which resolves to ${words}; call a public one, or add it to ALLOWED_TARGETS`,
  );
});

test("a name that does not exist is refused", async () => {
  expect(await verdict(() => reply(undefined, 3))).toMatch(/^invalid_input: url leads to far.example, a name that does not exist/);
  expect(await verdict(() => reply([cname("gone.example.")], 3))).toMatch(/a name that does not exist/);
});

test("a name without an address is refused", async () => {
  expect(await verdict(() => reply())).toMatch(/^invalid_input: url leads to far.example, a name without an address/);
  expect(await verdict(() => reply([cname("x.example.")]))).toMatch(/a name without an address/);
});

const good = () => reply([a("1.1.1.1")]);
const text = (body: string) => new Response(body);
const endless = () =>
  new Response(new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(8192).fill(0x20)) }));

test.each<[string, Answer, string]>([
  ["SERVFAIL", () => reply(undefined, 2), "answered SERVFAIL"],
  ["SERVFAIL for AAAA alone", both(good, () => reply(undefined, 2)), "answered SERVFAIL"],
  ["REFUSED", () => reply(undefined, 5), "answered REFUSED"],
  ["an unknown code", () => reply(undefined, 23), "answered with code 23"],
  ["a server error", () => new Response("", { status: 502 }), "answered with status 502"],
  ["a redirect", () => new Response("", { status: 302, headers: { location: "https://10.0.0.1/" } }), "answered with status 302"],
  ["no connection", () => Promise.reject(new TypeError("refused")), "could not be reached"],
  ["no body", () => new Response(null), "not DNS"],
  ["a page", () => text("<!doctype html>"), "not DNS"],
  ["null", () => text("null"), "not DNS"],
  ["a list", () => text("[]"), "not DNS"],
  ["half a reply", () => text('{"Status":0,"Answer":[{"type":1'), "not DNS"],
  ["a status of text", () => text('{"Status":"0"}'), "not DNS"],
  ["an Answer that is no list", () => text('{"Status":0,"Answer":{"type":1}}'), "not DNS"],
  ["a record of null", () => reply([a("1.1.1.1"), null]), "not DNS"],
  ["an A that is no address", () => reply([a("1.1.1.1"), a("somewhere")]), "not DNS"],
  ["an A in octal", () => reply([a("012.0.0.1")]), "not DNS"],
  ["an A of IPv6", () => reply([a("fd00::1")]), "not DNS"],
  ["an AAAA of IPv4", () => reply([aaaa("10.0.0.1")]), "not DNS"],
  ["an AAAA with a zone", () => reply([aaaa("fe80::1%eth0")]), "not DNS"],
  ["a TTL of text", () => reply([{ ...a("1.1.1.1"), TTL: "60" }]), "not DNS"],
  ["a negative TTL", () => reply([a("1.1.1.1", -1)]), "not DNS"],
  ["a truncated reply", () => Response.json({ Status: 0, TC: true, Answer: [a("1.1.1.1")] }), "not all of it"],
  ["a body without end", endless, "not DNS"],
  [
    "a good reply behind 64 KB of blanks",
    () => text(" ".repeat(70_000) + JSON.stringify({ Status: 0, Answer: [a("1.1.1.1")] })),
    "not DNS",
  ],
])("a name that cannot be checked is not called: %s", async (_, answer, words) => {
  const told = await verdict(answer);
  expect(told).toMatch(/^unavailable: url leads to far.example, which could not be checked: the DNS-over-HTTPS resolver /);
  expect(told).toContain(words);
  expect(told).toContain("try again, or look at DNS_OVER_HTTPS");
});

test.each<[string, Answer]>([
  ["no answer", () => new Promise(() => {})],
  ["no answer to one of two", both(good, (() => new Promise(() => {})) as never)],
  ["a body that stalls", () => new Response(new ReadableStream({ pull: () => new Promise(() => {}) }))],
])("waits no longer than its time limit: %s", async (_, answer) => {
  expect(await verdict(answer, "far.example", strict, 30)).toMatch(/^unavailable: .* did not answer within 0.03 s/);
});

test("lets go of the connections when its time is over", async () => {
  const { asked, resolver } = resolverOf(() => new Promise(() => {}), 30);
  await expect(resolver.check("far.example", strict)).rejects.toThrow(Problem);
  expect(asked.map(({ init }) => init.signal?.aborted)).toEqual([true, true]);
});

test.each([
  ["8.8.8.8", strict],
  ["[2606:4700:4700::1111]", strict],
  ["10.0.0.1", { allowLoopback: false, allowed: ["10.0.0.0/8"] }],
  ["[::1]", { allowLoopback: true, allowed: [] }],
  ["localhost", { allowLoopback: true, allowed: [] }],
  ["crm.corp.internal", { allowLoopback: false, allowed: ["*.corp.internal"] }],
  ["crm.corp.internal.", { allowLoopback: false, allowed: ["crm.corp.internal"] }],
] satisfies [string, Guard][])("%s needs no question", async (host, guard) => {
  const { asked, resolver } = resolverOf(() => reply(undefined, 3));
  await resolver.check(host, guard);
  expect(asked).toEqual([]);
});

test("an address that the guard allows may be led to", async () => {
  const answer = () => reply([a("10.0.0.5"), a("1.1.1.1")]);
  expect(await verdict(answer, "far.example", { allowLoopback: false, allowed: ["10.0.0.0/8"] })).toBe("passes");
  expect(await verdict(answer, "far.example", { allowLoopback: false, allowed: ["10.0.0.4", "other.example"] })).toMatch(/^invalid_input/);
});

test("a name that leads to this machine passes in development only", async () => {
  const answer = () => reply([a("127.0.0.1")]);
  expect(await verdict(answer, "far.example", { allowLoopback: true, allowed: [] })).toBe("passes");
  expect(await verdict(() => reply([a("10.0.0.5")]), "far.example", { allowLoopback: true, allowed: [] })).toMatch(/^invalid_input/);
});

/** How many seconds one answer is remembered. */
async function memoryOf(answer: Answer): Promise<number> {
  const { asked, resolver } = resolverOf(answer);
  const begin = clock.now;
  const check = () => resolver.check("far.example", strict).catch(() => {});
  for (await check(); asked.length === 2 && clock.now < begin + 1_000_000; clock.now += 1000) await check();
  return (clock.now - begin) / 1000 - 1;
}

test.each<[string, Answer, number]>([
  ["its TTL", () => reply([a("1.1.1.1", 60)]), 60],
  ["the smallest TTL of a chain", () => reply([cname("x.", 90), a("1.1.1.1", 30)]), 30],
  [
    "the smallest TTL of both questions",
    both(
      () => reply([a("1.1.1.1", 90)]),
      () => reply([aaaa("2606:4700::1", 20)]),
    ),
    20,
  ],
  ["5 s at least", () => reply([a("1.1.1.1", 0)]), 5],
  ["5 min at most", () => reply([a("1.1.1.1", 86_400)]), 300],
  ["5 s when there is no such name", () => reply(undefined, 3), 5],
  ["5 s when there is no address", () => reply([cname("x.", 60)]), 5],
  ["nothing when it is no answer", () => reply(undefined, 2), 0],
])("remembers an answer for %s", async (_, answer, seconds) => expect(await memoryOf(answer)).toBe(seconds));

test("judges what it remembers by the guard at hand", async () => {
  const { asked, resolver } = resolverOf(() => reply([a("10.0.0.5")]));
  await resolver.check("far.example", { allowLoopback: false, allowed: ["10.0.0.5"] });
  await expect(resolver.check("far.example", strict)).rejects.toThrow("10.0.0.5");
  expect(asked).toHaveLength(2);
});

test("keeps names apart, and remembers a thousand of them", async () => {
  const { asked, resolver } = resolverOf(({ url }) =>
    reply([a(url.searchParams.get("name") === "bad.example" ? "10.0.0.5" : "1.1.1.1", 300)]),
  );
  for (let count = 0; count < 1000; count++) await resolver.check(`n${count}.example`, strict);
  await resolver.check("n0.example", strict);
  expect(asked).toHaveLength(2000);
  await expect(resolver.check("bad.example", strict)).rejects.toThrow("10.0.0.5");
  await resolver.check("n1.example", strict);
  expect(asked).toHaveLength(2002);
  await resolver.check("n0.example", strict);
  expect(asked).toHaveLength(2004);
});
