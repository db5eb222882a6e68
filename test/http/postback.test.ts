import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { kinds } from "../../src/domain/kind.ts";
import { answer } from "../../src/http/router.ts";
import { Catalog } from "../../src/store/catalog.ts";
import { call, newApp, newDestination, newSource, operate } from "../kit.ts";
import { held, only, send, sendAccepted, type TestSource } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";
import { malformedBodies } from "./malformed.ts";

useFarSide();

const sale = "action_id=1.2.3&status=PENDING&payout=0.88&currency=USD";

test("answers an accepted postback with the source's text, and stores it", async () => {
  const source = await newSource();
  const response = await call(`${source.urls["action-lifecycle"]}?${sale}`);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("OK");
  expect(response.headers.get("x-event-status")).toBe("accepted");
  const { body } = await operate(`/events/${response.headers.get("x-event-id")}`);
  expect(body).toMatchObject({ type: "action.pending", action_id: "1.2.3", payout: "0.88", currency: "USD" });
});

describe("an accepted postback", () => {
  test.each(kinds)("may be a %s", async (kind) => {
    const id = await sendAccepted(await newSource(), { kind, query: "x=1" });
    expect((await operate(`/events/${id}`)).body.kind).toBe(kind);
  });

  test.each([
    ["a query", { query: sale }],
    ["a query of a POST", { query: sale, method: "POST" }],
    ["a JSON body", { body: '{"action_id":"1.2.3","status":"PENDING","payout":0.88,"currency":"USD"}' }],
    ["a form", { body: sale }],
    ["an XML body", { body: "<p><action_id>1.2.3</action_id><status>PENDING</status><payout>0.88</payout><currency>USD</currency></p>" }],
    [
      "a JSON body that is called a form",
      {
        body: `{"ActionId":"1.2.3","Status":"PENDING","Payout":"0.88","Currency":"USD"}`,
        headers: { "content-type": "application/x-www-form-urlencoded" },
      },
    ],
    ["a form that is called XML", { body: sale, headers: { "content-type": "text/xml" } }],
  ])("may come as %s", async (_shape, parts) => {
    const id = await sendAccepted(await newSource(), parts);
    expect((await operate(`/events/${id}`)).body).toMatchObject({ action_id: "1.2.3", status: "PENDING", payout: "0.88", currency: "USD" });
  });

  test("of a POST is read from query and body together, and the body wins", async () => {
    const id = await sendAccepted(await newSource(), {
      query: "action_id=1&status=PENDING&sub_id1=query",
      body: '{"status":"REVERSED","sub_id2":"body"}',
    });
    expect((await operate(`/events/${id}`)).body).toMatchObject({ action_id: "1", status: "REVERSED", sub_id1: "query", sub_id2: "body" });
  });

  test("of a GET has no body to read", async () => {
    const id = await sendAccepted(await newSource(), { query: sale });
    expect((await operate(`/events/${id}`)).body.receipt).toMatchObject({ method: "GET", body: "", body_bytes: 0 });
  });

  test("is answered with status and text of its source", async () => {
    const source = await newSource({ success_status: 202, success_body: "✓ TAKEN" });
    const response = await send(source, { query: sale });
    expect([response.status, await response.text(), response.headers.get("content-type")]).toEqual([
      202,
      "✓ TAKEN",
      "text/plain; charset=utf-8",
    ]);
  });

  test.each([204, 205])("is answered %i without a body", async (success_status) => {
    const response = await send(await newSource({ success_status }), { query: sale });
    expect([response.status, await response.text(), response.headers.get("x-event-status")]).toEqual([success_status, "", "accepted"]);
  });

  test.each([200, 201, 202, 203, 206, 299])("is answered %i when its source says so", async (success_status) => {
    expect((await send(await newSource({ success_status }), { query: sale })).status).toBe(success_status);
  });

  test("is never kept by a cache", async () => {
    expect((await send(await newSource(), { query: sale })).headers.get("cache-control")).toBe("no-store");
  });

  test("of 100 KB is taken whole", async () => {
    const source = await newSource();
    const body = `action_id=1&x=${"x".repeat(100 * 1024 - 14)}`;
    const id = await sendAccepted(source, { body });
    expect((await operate(`/events/${id}`)).body.receipt.body_bytes).toBe(100 * 1024);
  });
});

describe("a caller that wants JSON", () => {
  const accept = (value: string) => ({ query: sale, headers: { accept: value } });

  test("and nothing else gets id and status", async () => {
    const response = await send(await newSource({ success_status: 201 }), accept("application/json"));
    expect(response.status).toBe(201);
    expect(response.headers.get("content-type")).toContain("application/json");
    expect(await response.json()).toEqual({ id: response.headers.get("x-event-id"), status: "accepted" });
  });

  test.each(["*/*", "application/json, text/plain, */*", "text/html,application/json", "text/plain", "application/json, */*;q=0.1"])(
    "and would take something else (%s) gets the text, which impact.com may look for",
    async (value) => expect(await (await send(await newSource(), accept(value))).text()).toBe("OK"),
  );

  test.each([204, 205])("of a source that answers %i gets that, which has no room for JSON", async (success_status) => {
    const response = await send(await newSource({ success_status }), accept("application/json"));
    expect([response.status, await response.text(), response.headers.get("x-event-status")]).toEqual([success_status, "", "accepted"]);
  });
});

describe("a repeat", () => {
  test("is answered like the first, with the first's id", async () => {
    const source = await newSource({ success_status: 202, success_body: "TAKEN" });
    const first = await send(source, { query: sale });
    const repeat = await send(source, { query: sale });
    expect(repeat.headers.get("x-event-status")).toBe("duplicate");
    expect(repeat.headers.get("x-event-id")).toBe(first.headers.get("x-event-id"));
    expect([repeat.status, await repeat.text()]).toEqual([first.status, await first.text()]);
  });

  test("is recognised in another shape, another order and another spelling of keys", async () => {
    const source = await newSource();
    const id = await sendAccepted(source, { query: sale });
    const repeat = await send(source, { body: '{"Currency":"USD","Payout":"0.88","Status":"PENDING","ActionId":"1.2.3","SubId1":""}' });
    expect([repeat.headers.get("x-event-status"), repeat.headers.get("x-event-id")]).toEqual(["duplicate", id]);
  });

  test("stores nothing", async () => {
    const source = await newSource();
    for (let n = 0; n < 3; n++) await send(source, { query: sale });
    expect(await held(source)).toEqual({ events: 1, quarantined: 0 });
  });

  test("delivers nothing", async () => {
    const source = await newSource();
    const { id } = await newDestination({ url: farHost().url, filter: only(source) });
    for (let n = 0; n < 3; n++) await send(source, { query: sale });
    expect((await operate(`/deliveries?destination=${id}`)).body.data).toHaveLength(1);
  });

  test("40 times at once is one event and one delivery", async () => {
    const source = await newSource();
    const { id } = await newDestination({ url: farHost().url, filter: only(source) });
    const answers = await Promise.all(Array.from({ length: 40 }, () => send(source, { query: sale })));
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200));
    expect(answers.filter(({ headers }) => headers.get("x-event-status") === "accepted")).toHaveLength(1);
    expect(await held(source)).toEqual({ events: 1, quarantined: 0 });
    expect((await operate(`/deliveries?destination=${id}`)).body.data).toHaveLength(1);
  });

  test("is not what a return to an earlier state is: PENDING, REVERSED, PENDING makes three", async () => {
    const source = await newSource({ dedupe_window: 0 });
    for (const status of ["PENDING", "REVERSED", "PENDING"]) await sendAccepted(source, { query: `action_id=1&status=${status}` });
    expect(await held(source)).toEqual({ events: 3, quarantined: 0 });
  });

  test("is what a return to an earlier state is within the window", async () => {
    const source = await newSource({ dedupe_window: 900 });
    const first = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    await sendAccepted(source, { query: "action_id=1&status=REVERSED" });
    const third = await send(source, { query: "action_id=1&status=PENDING" });
    expect([third.headers.get("x-event-status"), third.headers.get("x-event-id")]).toEqual(["duplicate", first]);
  });
});

describe("bad input", () => {
  const refusals: [status: number, code: string, what: string, settings: Record<string, unknown>, parts: Parameters<typeof send>[1]][] = [
    [400, "undecodable", "words", {}, { body: "just words" }],
    [400, "undecodable", "a JSON list", {}, { body: '[{"action_id":"1"}]' }],
    [400, "undecodable", "half a JSON object", {}, { body: '{"action_id":' }],
    [400, "undecodable", "half an XML document", {}, { body: "<p><a>1</p>" }],
    [400, "undecodable", "XML with a DOCTYPE", {}, { body: '<!DOCTYPE p [<!ENTITY a "b">]><p><x>&a;</x></p>' }],
    [403, "header_refused", "no required header", { required_header: { name: "X-Key", value: "v" } }, { query: sale }],
    [
      403,
      "header_refused",
      "another required header",
      { required_header: { name: "X-Key", value: "v" } },
      { query: sale, headers: { "x-key": "w" } },
    ],
    [
      403,
      "address_refused",
      "an unlisted address",
      { ip_policy: "enforce", allowed_ips: ["203.0.113.0/24"] },
      { query: sale, headers: { "cf-connecting-ip": "198.51.100.1" } },
    ],
    [403, "address_refused", "an unknown address", { ip_policy: "enforce", allowed_ips: ["203.0.113.0/24"] }, { query: sale }],
    [404, "unknown_kind", "an unknown kind", {}, { kind: "sales", query: sale }],
    [404, "unknown_kind", "no kind", {}, { kind: "", query: sale }],
    [413, "too_large", "a body beyond 100 KB", {}, { body: `a=${"x".repeat(100 * 1024)}` }],
    [413, "too_large", "a query beyond 100 KB", {}, { query: `a=${"x".repeat(100 * 1024)}` }],
    [
      413,
      "too_large",
      "a query and a body beyond 100 KB together",
      {},
      { query: `a=${"x".repeat(60 * 1024)}`, body: `b=${"x".repeat(60 * 1024)}` },
    ],
    [422, "invalid", "an amount in words", {}, { query: "action_id=1&payout=much" }],
    [422, "invalid", "nothing at all", {}, {}],
    [422, "invalid", "values that are all empty", {}, { query: "action_id=&status=" }],
  ];

  test.each(refusals)("%i %s: %s", async (status, code, _what, settings, parts) => {
    const response = await send(await newSource(settings), parts);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ status, code, title: expect.any(String), detail: expect.stringMatching(/\w+ \w+/) });
  });

  test.each(refusals)(
    "%i %s is authenticated, so it is kept in quarantine under the id that is answered: %s",
    async (_status, code, _what, settings, parts) => {
      const source = await newSource(settings);
      const response = await send(source, parts);
      expect(response.headers.get("x-event-status")).toBe("quarantined");
      expect((await operate(`/quarantine/${response.headers.get("x-event-id")}`)).body).toMatchObject({ source: source.name, code });
      expect(await held(source)).toEqual({ events: 0, quarantined: 1 });
    },
  );

  test.each([
    ["payout=much", "Payout", /"much".*decimal/],
    ["payout=1,5", "Payout", /decimal/],
    ["earned=much", "Payout", /decimal/],
    ["currency=Dollars", "Currency", /currency code/],
    ["event_date=13.05.2026", "EventDate", /date like/],
    ["locking_date=2026-02-30", "LockingDate", /date like/],
  ])("names the field and the reason in words: %s", async (query, field, reason) => {
    const source = await newSource({ mapping: { earned: "Payout" } });
    const body = (await (await send(source, { query: `action_id=1&${query}` })).json()) as {
      detail: string;
      errors: { field: string; reason: string }[];
    };
    expect(body.errors).toMatchObject([{ field, reason: expect.stringMatching(reason) }]);
    expect(body.detail).toContain(field);
  });

  test("names every mistake at once", async () => {
    const response = await send(await newSource(), { query: "payout=a&amount=b&currency=c" });
    const { errors } = (await response.json()) as { errors: { field: string }[] };
    expect(errors.map(({ field }) => field).sort()).toEqual(["Amount", "Currency", "Payout"]);
  });

  test("in markup comes back as JSON that no browser takes for a page", async () => {
    const response = await send(await newSource(), { query: `action_id=1&payout=${encodeURIComponent("<script>alert(1)</script>")}` });
    expect([response.headers.get("content-type"), response.headers.get("x-content-type-options")]).toEqual([
      "application/problem+json",
      "nosniff",
    ]);
  });

  describe("of a source that answers 202 to it", () => {
    const settings = { invalid_status: 202, success_body: "TAKEN" };

    test.each([
      ["invalid", { query: "payout=much" }],
      ["undecodable", { body: "just words" }],
    ])("is answered 202 with the success text when it is %s, and is in quarantine", async (_code, parts) => {
      const source = await newSource(settings);
      const response = await send(source, parts);
      expect([response.status, await response.text(), response.headers.get("x-event-status")]).toEqual([202, "TAKEN", "quarantined"]);
      expect(await held(source)).toEqual({ events: 0, quarantined: 1 });
    });

    test("is answered 202 in JSON to a caller that wants JSON", async () => {
      const response = await send(await newSource(settings), { query: "payout=much", headers: { accept: "application/json" } });
      expect([response.status, await response.json()]).toEqual([202, { id: response.headers.get("x-event-id"), status: "quarantined" }]);
    });

    test("is still told the truth about its URL", async () => {
      expect((await send(await newSource(settings), { kind: "sales", query: sale })).status).toBe(404);
    });
  });

  test("from an unlisted address is only noted when the policy is log", async () => {
    const source = await newSource({ ip_policy: "log", allowed_ips: ["203.0.113.0/24"] });
    const id = await sendAccepted(source, { query: sale, headers: { "cf-connecting-ip": "198.51.100.1" } });
    expect((await operate(`/events/${id}`)).body.warnings).toMatchObject([{ code: "address_not_listed" }]);
  });

  test("is none: a listed address with the required header", async () => {
    const source = await newSource({
      ip_policy: "enforce",
      allowed_ips: ["203.0.113.0/24"],
      required_header: { name: "X-Key", value: "v" },
    });
    await sendAccepted(source, { query: sale, headers: { "cf-connecting-ip": "203.0.113.200", "x-key": "v" } });
  });
});

describe("a token that no source has", () => {
  const stranger = { token: "nobody-has-this-token-at-all" };

  test.each([
    ["a good call", { query: sale }],
    ["an unknown kind", { kind: "sales", query: sale }],
    ["a body that is nothing", { body: "just words" }],
    ["a body that is too large", { body: "x".repeat(150_000) }],
    ["a probe", { method: "HEAD" }],
  ])("is answered 401 for %s", async (_what, parts) => expect((await send(stranger, parts)).status).toBe(401));

  test("stores nothing", async () => {
    const rows = async () =>
      await env.DB.prepare("select (select count(*) from events) as e, (select count(*) from quarantine) as q").first();
    const before = await rows();
    await send(stranger, { query: sale });
    await send(stranger, { body: "just words" });
    expect(await rows()).toEqual(before);
  });

  test("gets neither an event's id nor a status", async () => {
    const { headers } = await send(stranger, { query: sale });
    expect([headers.get("x-event-id"), headers.get("x-event-status")]).toEqual([null, null]);
  });

  test("is not told back", async () => expect(await (await send(stranger, { query: sale })).text()).not.toContain(stranger.token));

  test("is not one that merely begins like a good one", async () => {
    const { token } = await newSource();
    expect((await send({ token: token.slice(0, -1) }, { query: sale })).status).toBe(401);
    expect((await send({ token: `${token}x` }, { query: sale })).status).toBe(401);
  });
});

describe("another method", () => {
  test.each(["PUT", "PATCH", "DELETE"])("%s is 405 with what is allowed, and books nothing", async (method) => {
    const source = await newSource();
    const response = await send(source, { method, query: sale });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS, POST"]);
    expect(await held(source)).toEqual({ events: 0, quarantined: 0 });
  });

  test.each([
    ["HEAD", 200],
    ["OPTIONS", 204],
  ])("%s is answered %i without a body, and books nothing", async (method, status) => {
    const source = await newSource();
    const response = await send(source, { method, query: sale });
    expect([response.status, await response.text()]).toEqual([status, ""]);
    expect(await held(source)).toEqual({ events: 0, quarantined: 0 });
  });

  test("HEAD of a kind that does not exist says that the URL is not good", async () => {
    expect((await send(await newSource(), { method: "HEAD", kind: "sales" })).status).toBe(404);
  });
});

describe("a source that was made in another isolate a second ago", () => {
  test.each(["GET", "HEAD"])("is known to a %s", async (method) => {
    const clock = { now: Date.now() };
    const catalog = new Catalog(() => clock.now, 2000);
    await catalog.current(env.DB);
    const source = await newSource();
    clock.now += 1500;
    const url = `${source.urls["action-lifecycle"]}?${sale}`;
    expect((await answer(new Request(url, { method }), () => newApp({ catalog }))).status).toBe(200);
  });
});

describe("while D1 does not store", () => {
  const fails = () => Promise.reject(new Error("D1_ERROR: storage is away, near select"));
  const hangs = () => new Promise<never>(() => {});
  const database = (answers: () => Promise<never>) => {
    const statement = { bind: () => statement, run: answers, all: answers, first: answers };
    return { prepare: () => statement, batch: answers } as unknown as D1Database;
  };

  /** A call to a Worker with parts of its world replaced. */
  async function callWith(parts: Partial<App>, source: TestSource, init?: RequestInit): Promise<Response> {
    const app = newApp();
    const config = { ...app.config, storeTimeLimitMs: 100, intakeTimeLimitMs: 100 };
    const url = `${source.urls["action-lifecycle"]}?action_id=${crypto.randomUUID()}&status=PENDING`;
    return await answer(new Request(url, init), () => ({ ...app, config, ...parts }));
  }

  test.each([
    ["fails", fails],
    ["hangs", hangs],
  ])("since it %s, a postback is put off and answered as accepted ones are", async (_how, answers) => {
    const source = await newSource({ success_status: 202, success_body: "TAKEN" });
    await sendAccepted(source, { query: sale }); // so that this isolate knows the source
    const response = await callWith({ db: database(answers) }, source);
    expect([response.status, await response.text()]).toEqual([202, "TAKEN"]);
    expect(response.headers.get("x-event-status")).toBe("deferred");
  });

  test("a postback that is put off right after an operator's change is answered as its source says too", async () => {
    const source = await newSource({ success_status: 202, success_body: "TAKEN" });
    await sendAccepted(source, { query: sale });
    await operate(`/sources/${source.id}`, { dedupe_window: 5 }, "PATCH");
    expect((await callWith({ db: database(fails) }, source)).status).toBe(202);
  });

  test("what was put off is stored once D1 is back, under the id that was answered", async () => {
    const source = await newSource();
    const response = await callWith({ db: database(fails) }, source);
    const id = response.headers.get("x-event-id");
    await expect.poll(async () => (await operate(`/events/${id}`)).status, { timeout: 10_000, interval: 100 }).toBe(200);
  });

  test("the largest call with the longest headers still fits into the intake queue", async () => {
    const headers = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x-long-${n}`, "x".repeat(900)]));
    const body = "a=".padEnd(100 * 1024 - 80, "x");
    const response = await callWith({ db: database(fails) }, await newSource(), { method: "POST", headers, body });
    expect(response.headers.get("x-event-status")).toBe("deferred");
  });

  test.each([
    ["fails", fails],
    ["hangs", hangs],
  ])("and the intake queue %s too, the sender is asked to come again", async (_how, answers) => {
    const queues = { ...newApp().queues, intake: { send: answers } as unknown as App["queues"]["intake"] };
    const response = await callWith({ db: database(fails), queues }, await newSource());
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await response.text()).not.toMatch(/D1_ERROR|select/);
  });
});

describe("a value that is nested deeper than D1's JSON goes", () => {
  test.each([900, 1100, 3000, 20_000])(
    "(%i levels) is settled at once, and not put off for a D1 that will never take it",
    async (depth) => {
      const source = await newSource();
      const response = await send(source, { body: `{"action_id":"1","items":${"[".repeat(depth)}${"]".repeat(depth)}}` });
      expect(["accepted", "quarantined"]).toContain(response.headers.get("x-event-status"));
    },
  );
});

describe("1,000 malformed bodies", () => {
  test("all get an answer below 500, and each is accounted for", { timeout: 60_000 }, async () => {
    const source = await newSource();
    const types = ["application/json", "text/xml", "application/x-www-form-urlencoded", "text/plain; charset=utf-16", "nonsense", ""];
    const bodies = malformedBodies(1000);
    const told: { status: number; event: string; id: string }[] = [];
    for (let start = 0; start < bodies.length; start += 20) {
      const some = bodies.slice(start, start + 20).map(async (body, n) => {
        const response = await send(source, {
          body,
          headers: { "content-type": types[(start + n) % types.length] as string },
        });
        const { headers } = response;
        return { status: response.status, event: headers.get("x-event-status") ?? "none", id: headers.get("x-event-id") ?? "none" };
      });
      told.push(...(await Promise.all(some)));
    }
    const count = (event: string) => told.filter((one) => one.event === event).length;
    expect(told.filter(({ status }) => status >= 500)).toEqual([]);
    expect(count("accepted") + count("duplicate") + count("quarantined")).toBe(1000);
    expect(await held(source)).toEqual({ events: count("accepted"), quarantined: count("quarantined") });

    const ids = [...new Set(told.map(({ id }) => id))];
    const stored = await env.DB.prepare(
      "select count(*) as n from json_each(?1) where exists (select 1 from events where id = value) or exists (select 1 from quarantine where id = value)",
    )
      .bind(JSON.stringify(ids))
      .first<{ n: number }>();
    expect(stored?.n).toBe(ids.length);
    expect(Math.min(count("accepted"), count("duplicate"), count("quarantined")), "each way is taken by many").toBeGreaterThan(20);
  });
});
