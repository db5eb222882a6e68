import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { call, newDestination, newSource, operate } from "../kit.ts";
import { asOperator, only, rowsWith, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, type Heard, useFarSide } from "./far.ts";

useFarSide();

const hush = (what: string) => `hush-${what}-${crypto.randomUUID()}`;

/** Says back what it heard, as careless servers do. */
function echo({ url, headers, body }: Heard): Response {
  const heard = ["x-key", "authorization", "webhook-signature"].map((name) => headers.get(name));
  const said = JSON.stringify({ url, heard, body });
  return new Response(said, { headers: { "x-request-id": headers.get("x-key") ?? "none", server: url } });
}

/** Everything that there is to hide, each with its own text, and the ways in which it could be told. */
function everySecret() {
  const texts = { header: hush("header"), value: hush("value"), password: hush("password"), macro: hush("macro") };
  const settings = {
    headers: { "X-Key": texts.header, "X-Type": `{{ type }} ${texts.macro}` },
    secrets: { key: texts.value },
    auth: { type: "basic", username: "edge", password: texts.password },
    signatures: ["v1", "v1a"],
  };
  const spellings = [...Object.values(texts), btoa(`edge:${texts.password}`), btoa(texts.value)];
  return { settings, spellings };
}

/** All that our API says of a destination that has done its work, as one text. */
async function allThatIsTold(settings: Record<string, unknown>): Promise<{ told: string; id: string; made: any }> {
  const source = await newSource();
  const far = farHost(echo);
  const url = `${far.url}?key={{ secrets.key }}`;
  const made = await newDestination({ url, body: '{"key":"{{ secrets.key }}"}', secrets: { key: "k" }, filter: only(source), ...settings });
  const { id } = made;
  const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
  await untilDelivery(`${event}:${id}`, "delivered");
  const { secret, ...answer } = made as Record<string, unknown>;
  const answers = [
    answer,
    await operate(`/destinations/${id}`, { timeout: 9 }, "PATCH"),
    await operate(`/destinations/${id}`, { timeout: 0 }, "PATCH"),
    await operate(`/destinations/${id}`, { body: "{{ colour" }, "PATCH"),
    await operate(`/destinations/${id}/test`, {}),
    await operate("/destinations/preview", { destination: id, event }),
    await operate(`/deliveries/${event}:${id}/retry`, {}),
  ];
  const paths = ["/destinations", `/destinations/${id}`, `/deliveries?destination=${id}`, `/deliveries/${event}:${id}`, `/events/${event}`];
  const shown = await Promise.all(paths.map(async (path) => await (await call(path, { headers: asOperator })).text()));
  return { told: JSON.stringify(answers) + shown.join("\n"), id, made };
}

const timesOf = (text: string, told: string) => told.split(text).length - 1;

describe("what a destination has to hide", () => {
  test("is told in no answer, though the far side says it all back", async () => {
    const { settings, spellings } = everySecret();
    const { told, id } = await allThatIsTold(settings);
    expect(timesOf(id, told)).toBeGreaterThan(10);
    expect(told).toContain('"x-request-id"');
    expect(spellings.map((text) => timesOf(text, told))).toEqual(spellings.map(() => 0));
  });

  test("stands nowhere in D1 in clear", async () => {
    const { settings, spellings } = everySecret();
    const { id, made } = await allThatIsTold(settings);
    expect(await rowsWith(id)).toBeGreaterThan(2);
    for (const text of [...spellings, made.secret.slice(6)]) expect(await rowsWith(text)).toBe(0);
  });

  test("is told of a bearer's token neither, nor of an OAuth2 client or its access token", async () => {
    const [token, client, access] = [hush("bearer"), hush("client"), hush("access")];
    const login = farHost(() => Response.json({ access_token: access, token_type: "Bearer", expires_in: 3600 }));
    const oauth2 = { type: "oauth2", token_url: login.url, client_id: "edge", client_secret: client, client_auth: "body" };
    const bearer = await allThatIsTold({ auth: { type: "bearer", token } });
    const authorized = await allThatIsTold({ auth: oauth2 });
    expect(new URLSearchParams(login.heard[0]?.body).get("client_secret")).toBe(client);
    for (const text of [token, client, access]) {
      expect(timesOf(text, bearer.told + authorized.told)).toBe(0);
      expect(await rowsWith(text)).toBe(0);
    }
  });

  test("is signing keys too, whether they were made here or brought along, before a rotation and after", async () => {
    const own = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
    const pair = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64");
    const { told, id } = await allThatIsTold({ secret: own, signatures: ["v1", "v1a"] });
    const rotated = await operate(`/destinations/${id}/secret`, { key: `whsk_${pair}` });
    const renewed = await operate(`/destinations/${id}/secret`, {});
    const shown = JSON.stringify([rotated.body, { ...renewed.body, secret: "" }, await operate(`/destinations/${id}`)]);
    for (const text of [own, pair, pair.slice(0, 40), renewed.body.secret.slice(6)]) {
      expect(timesOf(text, told + shown)).toBe(0);
      expect(await rowsWith(text)).toBe(0);
    }
  });

  test("is hidden in what a mistake says of it", async () => {
    const [header, value, password] = [hush("header"), hush("value"), hush("password")];
    const wrong = [
      { headers: { Host: header } },
      { headers: { "x-key": `${header}\n` } },
      { headers: { "x-key": `${header} {{ colour }}` } },
      { secrets: { "Api-Key": value } },
      { secrets: { key: value }, body: '{"a": {{ secrets.key }} }' },
      { auth: { type: "basic", username: "a:b", password } },
      { auth: { type: "basic", username: "u", password: [password] } },
      { auth: { type: "bearer", token: `${password} x` } },
      { auth: { type: "oauth2", token_url: "https://10.0.0.1/", client_id: "c", client_secret: password } },
      { secret: `whsec_${value}!` },
    ];
    for (const part of wrong) {
      const { status, body } = await operate("/destinations", { name: "wrong", url: farHost().url, filter: "false", ...part });
      expect([part, status]).toEqual([part, 422]);
      expect(JSON.stringify(body)).not.toContain("hush-");
    }
  });

  test("reached the far side all the same", async () => {
    const { settings, spellings } = everySecret();
    const far = farHost();
    const { id, secret } = await newDestination({ url: `${far.url}?key={{ secrets.key }}`, filter: "false", ...settings });
    await operate(`/destinations/${id}/test`, {});
    const [heard] = far.heard;
    const [header, value, password, macro] = spellings;
    expect(heard?.headers.get("x-key")).toBe(header);
    expect(heard?.headers.get("x-type")).toBe(`action.pending ${macro}`);
    expect(new URL(heard?.url ?? "").searchParams.get("key")).toBe(value);
    expect(heard?.headers.get("authorization")).toBe(`Basic ${btoa(`edge:${password}`)}`);
    expect(() => new Webhook(secret).verify(heard?.body ?? "", Object.fromEntries(heard?.headers ?? []))).not.toThrow();
  });
});

test("a list tells of each destination what it tells of it alone, but for its keys", async () => {
  const { id } = await newDestination({ filter: "false", headers: { "x-a": "1" }, auth: { type: "bearer", token: "t" } });
  const { signing_keys, ...alone } = (await operate(`/destinations/${id}`)).body;
  const listed = (await operate("/destinations")).body.data.find((one: { id: string }) => one.id === id);
  expect(listed).toEqual(alone);
  expect(signing_keys).toHaveLength(1);
});

test("how a destination has been answering is told", async () => {
  const source = await newSource();
  const far = farHost(() => new Response("no", { status: 500 }));
  const { id } = await newDestination({ url: far.url, filter: only(source), retry_schedule: [] });
  expect((await operate(`/destinations/${id}`)).body.health).toEqual({
    failures_in_a_row: 0,
    failing_since: null,
    breaker_open_until: null,
  });
  for (let n = 1; n <= 5; n++) {
    const event = await sendAccepted(source, { query: `action_id=${n}&status=PENDING` });
    await untilDelivery(`${event}:${id}`, "exhausted");
  }
  const { health } = (await operate(`/destinations/${id}`)).body;
  expect(health.failures_in_a_row).toBe(5);
  expect(Date.parse(health.breaker_open_until)).toBeGreaterThan(Date.parse(health.failing_since));
});
