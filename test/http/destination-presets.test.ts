import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { presetNames } from "../../src/domain/destination.ts";
import { newDestination, newSource, operate } from "../kit.ts";
import { only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, type Heard, useFarSide } from "./far.ts";

useFarSide();

interface Preset {
  name: string;
  title: string;
  description: string;
  method: string;
  exampleUrl: string;
  query: string | null;
}

const catalogue: Preset[] = (await operate("/presets")).body.data;
const secrets = { access_token: "token-1234", measurement_id: "G-1234567", api_secret: "secret-1234" };

const sale = "action_id=1000.7.42&payout=12.5&delta_payout=12.5&amount=100&currency=EUR&campaign_id=55&campaign_name=Shoes&sub_id1=click-1";

/** What a preset sends of a sale that goes through a status, as its far side hears it. */
async function heardBy(
  { name, exampleUrl }: Preset,
  status = "APPROVED",
): Promise<{ heard: Heard; secret: string; event: string; url: string }> {
  const source = await newSource();
  const far = farHost();
  const url = exampleUrl.replace(new URL(exampleUrl).host, far.host);
  const { id, secret } = await newDestination({ url, preset: name, filter: only(source), secrets });
  const event = await sendAccepted(source, { query: `${sale}&status=${status}` });
  await untilDelivery(`${event}:${id}`, "delivered");
  return { heard: far.heard[0] as Heard, secret, event, url };
}

const presetOf = (name: string) => catalogue.find((one) => one.name === name) as Preset;

describe("the list of presets", () => {
  test("has each that a destination can have, once", () => expect(catalogue.map(({ name }) => name)).toEqual([...presetNames]));

  test.each(catalogue)("says what $name is, and gives a URL to begin with", ({ title, description, exampleUrl }) => {
    expect([title.length > 2, description.length > 20, URL.canParse(exampleUrl)]).toEqual([true, true, true]);
  });
});

describe.each(catalogue)("the preset $name", (preset) => {
  test("can be previewed, and sends what the preview shows", async () => {
    const { heard, event, url } = await heardBy(preset);
    const { status, body } = await operate("/destinations/preview", { preset: preset.name, url, secrets, event });
    expect(status, JSON.stringify(body)).toBe(200);
    const hide = (text: string) => Object.values(secrets).reduce((masked, one) => masked.replaceAll(one, "[hidden]"), text);
    expect(body.request).toMatchObject({
      method: heard.method,
      url: hide(heard.url),
      body: heard.init.body === null ? null : hide(heard.body),
    });
    for (const [name, value] of Object.entries<string>(body.request.headers)) expect(hide(heard.headers.get(name) ?? "")).toBe(value);
  });

  test("is signed like any other request", async () => {
    const { heard, secret } = await heardBy(preset);
    expect(() => new Webhook(secret).verify(heard.body, Object.fromEntries(heard.headers))).not.toThrow();
  });

  test.each(["PENDING", "REVERSED", ""])("takes an action of the status %j too", async (status) => {
    const { heard } = await heardBy(preset, status);
    expect(heard.method).toBe(preset.method);
  });
});

/** What each preset is documented to send of an approved sale. */
const documented: Record<string, (heard: Heard, event: string) => void> = {
  "standard-webhooks": ({ headers, body }, event) => {
    expect([headers.get("content-type"), headers.get("webhook-id")]).toEqual(["application/json", event]);
    expect(JSON.parse(body)).toMatchObject({ type: "action.approved", data: { event_id: event, payout: "12.50", currency: "EUR" } });
  },
  raw: ({ url, body }) => {
    expect([new URL(url).search, body]).toEqual([`?${sale}&status=APPROVED`, ""]);
  },
  "cloudevents-structured": ({ headers, body }, event) => {
    expect(headers.get("content-type")).toMatch(/^application\/cloudevents\+json/);
    const attributes = {
      specversion: "1.0",
      id: event,
      type: "action.approved",
      subject: "1000.7.42",
      datacontenttype: "application/json",
    };
    expect(JSON.parse(body)).toMatchObject({ ...attributes, source: expect.stringMatching(/^urn:/), data: { payout: "12.50" } });
  },
  "cloudevents-binary": ({ headers, body }, event) => {
    const attributes = ["specversion", "id", "type", "subject"].map((name) => headers.get(`ce-${name}`));
    expect(attributes).toEqual(["1.0", event, "action.approved", "1000.7.42"]);
    expect([headers.get("content-type"), headers.get("ce-source")]).toEqual(["application/json", expect.stringMatching(/^urn:/)]);
    expect(JSON.parse(body)).toMatchObject({ event_id: event, payout: "12.50" });
  },
  slack: ({ headers, body }) => {
    expect(headers.get("content-type")).toMatch(/^application\/json/);
    expect(JSON.parse(body)).toMatchObject({ text: expect.stringContaining("12.50") });
  },
  voluum: ({ url }) => {
    expect(queryOf(url)).toEqual({ cid: "click-1", payout: "12.50", txid: "1000.7.42", currency: "EUR", et: "approved" });
  },
  redtrack: ({ url }) => {
    expect(queryOf(url)).toMatchObject({ clickid: "click-1", sum: "12.50", status: "approved" });
  },
  keitaro: ({ url }) => {
    expect(queryOf(url)).toEqual({ subid: "click-1", status: "sale", payout: "12.50", currency: "EUR", tid: "1000.7.42" });
  },
  binom: ({ url }) => {
    expect(queryOf(url)).toEqual({ cnv_id: "click-1", payout: "12.50", cnv_status: "approve", cnv_currency: "EUR" });
  },
  "meta-conversions": ({ url, body }) => {
    expect(queryOf(url)).toEqual({ access_token: secrets.access_token });
    const [event] = JSON.parse(body).data;
    expect(event).toMatchObject({ event_name: "Purchase", event_id: "1000.7.42", custom_data: { value: 12.5, currency: "EUR" } });
  },
  ga4: ({ url, body }) => {
    expect(queryOf(url)).toEqual({ measurement_id: secrets.measurement_id, api_secret: secrets.api_secret });
    const params = { transaction_id: "1000.7.42", value: 12.5, currency: "EUR" };
    expect(JSON.parse(body)).toMatchObject({ client_id: "click-1", events: [{ name: "purchase", params }] });
  },
};

function queryOf(url: string): Record<string, string> {
  return Object.fromEntries(new URL(url).searchParams);
}

test.each([...presetNames])("%s sends what its documentation asks for", async (name) => {
  const { heard, event, url } = await heardBy(presetOf(name));
  expect([new URL(heard.url).origin, new URL(heard.url).pathname]).toEqual([new URL(url).origin, new URL(url).pathname]);
  documented[name]?.(heard, event);
  expect(documented).toHaveProperty(name);
});

test.each([
  ["voluum", "cid=mine", "?cid=mine"],
  ["ga4", "debug=1", "?debug=1"],
])("%s leaves a URL alone that has a query of its own", async (name, query, search) => {
  const { heard } = await heardBy({ ...presetOf(name), exampleUrl: `https://far.example/x?${query}` });
  expect(new URL(heard.url).search).toBe(search);
});
