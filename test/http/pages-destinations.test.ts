import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { hour } from "../../src/domain/time.ts";
import { call, newDestination, newSource, operate } from "../kit.ts";
import { asOperator, sendAccepted } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";
import { fieldsOf, submit, visit } from "./form.ts";
import { wordsOf } from "./look.ts";

useFarSide();

const hostile = `<script>alert("x")</script>'><img src=x onerror=alert(1)>`;
const escaped = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;";

describe("the form of a new destination", () => {
  test("creates what it says, says so, and its page shows the secret to that browser alone", async () => {
    const fields = await fieldsOf((await visit("/destinations/new")).text);
    const name = `by form ${crypto.randomUUID()}`;
    const { status, to, cookies } = await submit("/destinations", {
      ...fields,
      name,
      url: farHost().url,
      filter: 'status == "APPROVED"',
      headers: "X-Tenant: 42",
      "auth.type": "bearer",
      "auth.token": "token-of-the-far-side",
      "rate_limit.limit": "10",
      "rate_limit.period": "minute",
      retry_schedule: "5s 1min, 2h 90",
      ordered: "on",
    });
    expect([status, to]).toEqual([303, expect.stringMatching(/^\/destinations\/dst_/)]);
    const { body } = await operate(to as string);
    expect(body).toMatchObject({
      name,
      filter: 'status == "APPROVED"',
      headers: { "X-Tenant": "[hidden]" },
      auth: { type: "bearer" },
      rate_limit: { limit: 10, period: "minute" },
      retry_schedule: [5, 60, 7200, 90],
      ordered: true,
      once_per_action: false,
      concurrency: null,
      method: "POST",
    });
    const page = await visit(to as string, cookies);
    expect(page.text).toContain("The destination was created.");
    expect(page.text).toMatch(/whsec_[A-Za-z0-9+/=]{40,}/);
    expect((await visit(to as string)).text).not.toContain("whsec_");
  });

  test("as it stands, with a name and a URL, is the usual destination", async () => {
    const fields = await fieldsOf((await visit("/destinations/new")).text);
    const { to } = await submit("/destinations", { ...fields, name: `usual ${crypto.randomUUID()}`, url: farHost().url });
    const [formed, usual] = [(await operate(to as string)).body, (await operate(`/destinations/${(await newDestination()).id}`)).body];
    for (const { id } of [formed, usual]) await operate(`/destinations/${id}`, undefined, "DELETE"); // it would want every event of other tests
    const settings = ({ id, name, url, created_at, updated_at, signing_keys, ...rest }: any) => rest;
    expect(settings(formed)).toEqual(settings(usual));
  });

  test("comes back with what was typed, and with each mistake at its field", async () => {
    const { status, text } = await submit("/destinations", {
      form: "whole",
      name: "",
      url: "https://far.example/hook",
      filter: 'status == "A" &&\n  payot > 3',
      timeout: "soon",
      headers: "Host: x",
    });
    expect(status).toBe(422);
    for (const name of ["name", "timeout", "headers"]) expect(text).toMatch(new RegExp(`id="field-${name}"[^>]* aria-invalid="true"`));
    expect(text).toContain('value="https://far.example/hook"');
    expect(text).toContain("must not be empty");
    expect(text).toMatch(/<details class="fold" open><summary>Pace/);
  });

  test("shows below the filter where its mistake is", async () => {
    const { status, text } = await submit("/destinations", {
      form: "whole",
      name: "n",
      url: "https://far.example/hook",
      filter: 'status == "A" &&\n  payot > 3.0',
    });
    expect(status).toBe(422);
    expect(text).toContain("Line 2, column 3: Unknown variable: payot");
    expect(text).toContain('  payot &gt; 3.0\n  <span class="caret">^</span>');
  });

  test("says apart what is wrong with the filter, so that a check that finds it mended can take that away alone", async () => {
    const wrong = { form: "whole", name: "n", url: "https://far.example/hook", filter: "payot > 3.0" };
    const { text } = await submit("/destinations", wrong);
    expect(text).toMatch(
      /<div id="filter-mistakes"><div class="notice bad" role="alert">(?:(?!field-name).)*payot(?:(?!field-name).)*<\/div><\/div>/s,
    );
    expect(text).toMatch(/<textarea id="field-filter"[^>]* hx-select-oob="#filter-box:outerMorph,#filter-mistakes,#preview"/);
    const check = (filter: string) => submit("/filters", { ...wrong, filter });
    const [mended, still] = [(await check("payout > 3.0")).text, (await check("payot > 4.0")).text];
    expect(mended).toContain('<div id="filter-mistakes"></div>');
    const fieldOf = (page: string) => /<div id="filter-box">.*?<textarea[^>]*>/s.exec(page)?.[0] ?? "";
    expect([fieldOf(mended), fieldOf(still)].map((field) => field.includes("aria-invalid"))).toEqual([false, true]);
  });

  test("shows what a chosen preset brings along and needs", async () => {
    const { text } = await visit("/destinations/new?preset=meta-conversions");
    expect(text).toMatch(/<option value="meta-conversions" selected>/);
    expect(text).toMatch(/<textarea id="field-secrets"[^>]*>\naccess_token: <\/textarea>/);
    expect(text).toContain("access_token={{ secrets.access_token }}");
  });
});

test("JSON is JSON, also where curl calls it a form", async () => {
  const headers = { ...asOperator, "content-type": "application/x-www-form-urlencoded", accept: "*/*" };
  const response = await call("/filters", { method: "POST", headers, body: JSON.stringify({ filter: "is_test" }) });
  expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ ok: true, filter: "is_test" })]);
});

describe("the form of a destination that is there", () => {
  test("saved as it stands changes nothing", async () => {
    const { id } = await newDestination({
      filter: 'sub_id1 == "a\\"b" ||\n  payout >= 10.0',
      preset: "keitaro",
      headers: { "X-A": "one" },
      secrets: { api_key: "k" },
      auth: { type: "oauth2", token_url: "https://login.example/token", client_id: "c", client_secret: "s", scope: "a b" },
      timeout: 7,
      retry_schedule: [1, 60, 90, 86_400],
      rate_limit: { limit: 3, period: "hour" },
      concurrency: 2,
      once_per_action: true,
    });
    const before = (await operate(`/destinations/${id}`)).body;
    const fields = await fieldsOf((await visit(`/destinations/${id}/edit`)).text);
    expect(await submit(`/destinations/${id}`, fields)).toMatchObject({ status: 303, to: `/destinations/${id}` });
    expect({ ...(await operate(`/destinations/${id}`)).body, updated_at: null }).toEqual({ ...before, updated_at: null });
  });

  test("comes back as it was typed, not as the destination is", async () => {
    const { id } = await newDestination({ filter: "is_test", ordered: true, concurrency: 5 });
    const { ordered, ...fields } = await fieldsOf((await visit(`/destinations/${id}/edit`)).text);
    expect([ordered, fields["concurrency"]]).toEqual(["on", "5"]);
    const { status, text } = await submit(`/destinations/${id}`, { ...fields, concurrency: "", timeout: "soon" });
    expect(status).toBe(422);
    expect(await fieldsOf(text)).toEqual({ ...fields, concurrency: "", timeout: "soon" });
  });

  test("a button changes the state, and nothing else", async () => {
    const { id } = await newDestination({ filter: "is_test", timeout: 3 });
    expect((await submit(`/destinations/${id}`, { _method: "PATCH", state: "paused" })).status).toBe(303);
    const { body } = await operate(`/destinations/${id}`);
    expect(body).toMatchObject({ state: "paused", filter: "is_test", timeout: 3 });
    expect((await visit(`/destinations/${id}`)).text).toContain("Its deliveries are held");
  });
});

describe("POST /filters", () => {
  test("counts what a filter selects of the latest events, and names the latest of those", async () => {
    const source = await newSource();
    const mark = crypto.randomUUID();
    const ids: string[] = [];
    for (const n of [1, 2, 3, 4]) ids.push(await sendAccepted(source, { query: `action_id=${mark}-${n}&status=PENDING&sub_id1=${mark}` }));
    const { body } = await operate("/filters", { filter: `sub_id1 == "${mark}"` });
    expect(body).toMatchObject({ ok: true, mistake: null, selected: 4, first: [ids[3], ids[2], ids[1]] });
    expect(body.of).toBeGreaterThanOrEqual(4);
    expect(body.of).toBeLessThanOrEqual(1000);
  });

  test("says where a mistake is, and counts nothing", async () => {
    const { status, body } = await operate("/filters", { filter: "is_test &&\n payot > 1.0" });
    expect([status, body]).toEqual([200, expect.objectContaining({ ok: false, of: 0, selected: 0, first: [] })]);
    expect(body.mistake).toMatchObject({ field: "filter", line: 2, column: 2 });
  });

  test("asked by the form without scripts, is that form again, with what was typed and the finding", async () => {
    const { status, text } = await submit("/filters", { form: "whole", name: "typed name", url: "", filter: "is_test" });
    expect([status, text]).toEqual([200, expect.stringContaining('value="typed name"')]);
    expect(text).toMatch(/<div id="filter-check"[^>]*><p class="notice/);
  });

  test("shows a hostile filter, and does not run it", async () => {
    const { text } = await submit("/filters", { filter: hostile });
    expect(text).toContain(escaped);
    expect(text).not.toContain("<img src=x");
  });
});

describe("a preview", () => {
  test("in the form shows the request with its secrets hidden, and saves nothing", async () => {
    const name = `preview ${crypto.randomUUID()}`;
    const { status, text } = await submit("/destinations/preview", {
      form: "whole",
      name,
      url: "https://far.example/x?k={{ secrets.api_key }}",
      preset: "keitaro",
      method: "GET",
      secrets: "api_key: very-secret-value",
      filter: "false",
    });
    expect([status, text]).toEqual([200, expect.stringContaining("GET https://far.example/x?k=[hidden]")]);
    expect(text).toContain(`value="${name}"`);
    expect((await operate("/destinations")).body.data.map((one: any) => one.name)).not.toContain(name);
  });

  test("says at its field why there is none", async () => {
    const { id } = await newDestination({ filter: "false" });
    const { status, text } = await submit("/destinations/preview", { form: "whole", destination: id, body: "{{ nothing", event: "" });
    expect(status).toBe(422);
    expect(text).toMatch(/<div id="preview"[^>]*><div class="notice bad">/);
    expect(text).toMatch(/id="field-body"[^>]* aria-invalid="true"/);
  });
});

test("how a destination answered stands on its page, by the hour", async () => {
  const { id } = await newDestination({ filter: "false" });
  const now = Date.now();
  const pulse = `insert into destination_pulses values (?1, ?2, 7, 3, 2000, 0, 4, 6, 0, 0, 0, 0, 0, 0)`;
  await env.DB.prepare(pulse)
    .bind(id, now - (now % hour))
    .run();
  const { body } = await operate(`/destinations/${id}/health?days=2`);
  expect(body.data).toEqual([expect.objectContaining({ delivered: 7, failed: 3, latency_ms: { mean: 200, p50: 250, p95: 250 } })]);
  for (const path of [`/destinations/${id}`, `/destinations/${id}/health?days=30`]) {
    const { text } = await visit(path);
    expect(text).toContain("30 % of requests");
    expect(text).toMatch(/data-head="Delivered" data-value="7"[^>]*>7<\/td><td class="figure" data-head="Failed" data-value="3"/);
  }
  expect((await visit("/destinations")).text).toContain("3 failed");
});

describe("a destination that fails", () => {
  const fail = (id: string, failures: number) =>
    env.DB.prepare("update destinations set failures = ?2, failing_since = ?3 where id = ?1")
      .bind(id, failures, Date.now() - 10_000)
      .run();
  const leadOf = (text: string) => wordsOf(/<p class="lead">.*?<\/p>/s.exec(text)?.[0] ?? "");

  test("says so on its page: how often, since when, what it answered and how many wait, and what can be done", async () => {
    const mark = crypto.randomUUID();
    const { url } = farHost(() => new Response("no", { status: 503 }));
    const { id } = await newDestination({ url, filter: `sub_id1 == "${mark}"` });
    await sendAccepted(await newSource(), { query: `action_id=${mark}&status=PENDING&sub_id1=${mark}` });
    await vi.waitUntil(async () => (await operate(`/destinations/${id}`)).body.health.failures_in_a_row > 0, { timeout: 8000 });
    await fail(id, 4);
    const { text } = await visit(`/destinations/${id}`);
    expect(leadOf(text)).toContain("failing");
    expect(leadOf(text)).not.toContain("active");
    expect(wordsOf(text)).toMatch(
      /It is failing: 4 attempts in a row, the first 1\d s ago\. Why: answered 503.*?\. 1 delivery waits\. ?Send a test/,
    );
    const recover = `<a class="button" href="/recoveries/new?destination=${id}">Recover</a>`;
    expect(text).not.toContain(recover); // it is tried again anyway
    await env.DB.prepare("update deliveries set state = 'exhausted' where destination_id = ?").bind(id).run();
    expect((await visit(`/destinations/${id}`)).text).toContain(recover);
  });

  test("is told on the overview, since when too", async () => {
    const { id, name } = await newDestination({ filter: "false" });
    await fail(id, 99_999);
    const told = `${name} is failing: 99 999 attempts in a row, the first 1`;
    await vi.waitUntil(async () => wordsOf((await visit("/overview")).text).includes(told), { timeout: 8000, interval: 200 });
    await operate(`/destinations/${id}`, undefined, "DELETE");
  });

  test("is paused, and neither well nor failing, once it is paused", async () => {
    const { id } = await newDestination({ filter: "false" });
    await fail(id, 4);
    await operate(`/destinations/${id}`, { state: "paused" }, "PATCH");
    const { text } = await visit(`/destinations/${id}`);
    expect(leadOf(text)).toContain("paused");
    expect(text).not.toContain("It is failing");
    const row = (await visit("/destinations")).text.split("<tr>").find((one) => one.includes(`/destinations/${id}"`)) ?? "";
    expect(row).toMatch(/data-head="State"><div><span><span class="state busy">.*? paused/);
    expect(row).toContain('data-head="Health"><div><span class="none">–</span>');
  });
});

test("what waits for a paused destination is counted on its page, and leads to those deliveries", async () => {
  const mark = crypto.randomUUID();
  const { id } = await newDestination({ filter: `sub_id1 == "${mark}"`, state: "paused" });
  const source = await newSource();
  for (const n of [1, 2]) await sendAccepted(source, { query: `action_id=${mark}-${n}&status=PENDING&sub_id1=${mark}` });
  const { text } = await visit(`/destinations/${id}`);
  expect(text).toMatch(new RegExp(`href="/deliveries\\?destination=${id}&amp;state=pending">Waiting now</a></span><strong>2</strong>`));
});

test("a test shows the answer of the far side", async () => {
  const { url } = farHost(() => new Response("<b>no</b>", { status: 503 }));
  const { id } = await newDestination({ url, filter: "false" });
  const { status, text } = await submit(`/destinations/${id}/test`, {});
  expect([status, text]).toEqual([200, expect.stringContaining("It did not arrive: answered 503")]);
  expect(text).toContain("&lt;b&gt;no&lt;/b&gt;");
});

test("a test that arrived leads on: to its deliveries, and to a postback of the latest source", async () => {
  const { id } = await newDestination({ url: farHost().url, filter: "false" });
  await newSource();
  expect((await visit(`/destinations/${id}`)).text).toMatch(/<button class="primary">Send a test</);
  const { text } = await submit(`/destinations/${id}/test`, {});
  expect(wordsOf(text)).toContain("It arrived.");
  expect(text).toContain(`href="/deliveries?destination=${id}">Its deliveries</a>`);
  expect(text).toMatch(/<a class="button primary" href="\/sources\/src_\w+\/connect">Send a postback<\/a>/);
  await operate(`/destinations/${id}`, { state: "paused" }, "PATCH");
  expect((await visit(`/destinations/${id}`)).text).toMatch(/<button class="">Send a test</);
});

test("a hostile name is shown, and not run", async () => {
  const { id } = await newDestination({ name: hostile, filter: 'sub_id1 == "<script>"' });
  for (const path of ["/destinations", ...["", "/edit", "/preview", "/health"].map((part) => `/destinations/${id}${part}`)]) {
    const { status, text } = await visit(path);
    expect([path, status, text.includes("<img src=x") || text.includes("<script>")]).toEqual([path, 200, false]);
    if (path !== `/destinations/${id}/preview`) expect([path, text.includes(escaped)]).toEqual([path, true]);
  }
});
