import { expect, test } from "vitest";
import { call, newDestination, newSource, operate, origin } from "../kit.ts";
import { asOperator, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";
import { harmless, hostile, look, lookThrough, wordsOf } from "./look.ts";
import { noRetry, refuse, road } from "./road.ts";

useFarSide();

/** Sends a form of a page, as a browser does. */
async function submit(path: string, values: Record<string, string>, from: string) {
  const response = await call(path, {
    method: "POST",
    redirect: "manual",
    headers: {
      ...asOperator,
      accept: "text/html",
      origin,
      referer: origin + from,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams(values).toString(),
  });
  return {
    status: response.status,
    to: response.headers.get("location"),
    said: decodeURIComponent(response.headers.get("set-cookie") ?? ""),
  };
}

test("the list shows what came, hostile values too, with what is a test and where it is from", async () => {
  const source = await newSource();
  const id = await sendAccepted(source, {
    query: new URLSearchParams({ action_id: hostile, campaign_name: hostile, sub_id1: "{SubId1}" }).toString(),
  });
  const { text } = await look(`/events?source=${source.id}`);
  expect(text).toContain(`href="/events/${id}" aria-label="Event action.updated ${harmless}"`);
  expect(text).toContain(harmless);
  expect(text).not.toContain("<img");
  expect(text).toContain(`<span class="state">test</span>`);
});

test("the list can be searched by ids and by any field, and keeps what was asked for", async () => {
  const source = await newSource();
  const around = [-2000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString()); // a page looks at so many events of all tests
  const span = `since=${around[0]}&until=${around[1]}`;
  const id = await sendAccepted(source, { query: "action_id=1&ref_click_id=c-1&sub_id2=s-1&oid=o-1&my_own_key=v%3D1" });
  for (const query of ["click_id=c-1", "sub_id=s-1", "order_id=o-1", "field=MyOwnKey%3Dv%3D1", "q=v%3D1"])
    expect([query, (await look(`/events?source=${source.id}&${span}&${query}`)).text.includes(id)]).toEqual([query, true]);
  const { text } = await lookThrough(`/events?source=${source.id}&${span}&click_id=c-2`);
  expect(text).toContain(`value="c-2"`);
  expect(wordsOf(text)).toContain("No event fits");
});

test("a filter that is none is named at its field", async () => {
  const { status, text } = await look("/events?field=nothing");
  expect(status).toBe(422);
  expect(text).toContain(`id="mistake-field"`);
});

test("an event shows its fields with what was odd beside them, its lists, what came, and the same as curl", async () => {
  const source = await newSource();
  const body = JSON.stringify({ action_id: hostile, cid: hostile, sub_id1: "{SubId1}", items: [{ sku: hostile }], token: "s3cr3t" });
  const id = await sendAccepted(source, { body, headers: { "content-type": "application/json" } });
  const { text } = await look(`/events/${id}`);
  expect(text).not.toContain("<img");
  expect(text).not.toContain("s3cr3t");
  const words = wordsOf(text);
  expect(words).toMatch(/sub_id1\s*nothing.*impact\.com put nothing in place of \{SubId1\}/);
  expect(words).toContain("no macro of impact.com");
  expect(words).toContain("&quot;sku&quot;");
  expect(words).toContain(`curl --globoff \\ --header &#39;content-type: application/json&#39;`);
  expect(words).toContain(`${origin}/in/TOKEN/action-lifecycle`);
});

test("an event shows its deliveries attempt by attempt, with the far side's answer shown, not run", async () => {
  const { deliver } = await road(() => new Response(hostile, { status: 500, headers: { server: "far" } }), noRetry);
  const { event } = await deliver("exhausted");
  const words = wordsOf((await look(`/events/${event}`)).text);
  expect(words).toContain("Attempt 1");
  expect(words).toContain("server: far");
  expect(words).toContain(harmless);
});

test("an event that nobody wanted can be sent to a destination by hand, and the page says what it did", async () => {
  const source = await newSource();
  const far = farHost();
  const { id, name } = await newDestination({ url: far.url, filter: "false" });
  const event = await sendAccepted(source, { query: "action_id=1" });
  expect((await look(`/events/${event}`)).text).toContain(`<option value="${id}">${name}</option>`);
  const { status, to, said } = await submit(`/events/${event}/replay`, { destination: id }, `/events/${event}`);
  expect([status, to]).toEqual([303, `/events/${event}`]);
  expect(said).toContain("sent again to 1 destination");
  await untilDelivery(`${event}:${id}`, "delivered");
});

test("a delivery is sent again from the page of its event, and the way leads back there", async () => {
  const { deliver } = await road(refuse, noRetry);
  const { id, event } = await deliver("exhausted");
  expect((await look(`/events/${event}`)).text).toContain(`action="/deliveries/${encodeURIComponent(id)}/retry"`);
  expect(await submit(`/deliveries/${encodeURIComponent(id)}/retry`, {}, `/events/${event}`)).toMatchObject({
    status: 303,
    to: `/events/${event}`,
  });
  expect((await submit(`/deliveries/${encodeURIComponent(id)}/retry`, {}, "/deliveries")).to).toBe(`/deliveries/${encodeURIComponent(id)}`);
});

test("news of our own has no receipt, and its page says so", async () => {
  const { deliver } = await road(refuse, { ...noRetry, name: `gives up ${crypto.randomUUID()}` });
  const { id, event } = await deliver("exhausted");
  await expect
    .poll(async () => (await operate(`/events?kind=operational&q=${event}`)).body.data.length, { timeout: 8000 })
    .toBeGreaterThan(0);
  const [news] = (await operate(`/events?kind=operational&q=${event}`)).body.data;
  const { text } = await look(`/events/${news.id}`);
  expect(wordsOf(text)).toContain("news of our own, so there is no receipt");
  expect(wordsOf(text)).toContain("A delivery was given up");
  expect(text).toContain(`href="/deliveries/${encodeURIComponent(id)}"`);
});
