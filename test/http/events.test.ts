import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { newDestination, newSource, operate } from "../kit.ts";
import { only, send, sendAccepted, type TestSource, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

/** Accepts postbacks one after another; their ids, oldest first. */
async function accept(source: TestSource, ...queries: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const query of queries) ids.push(await sendAccepted(source, { query }));
  return ids;
}

async function list(query: string): Promise<string[]> {
  const { status, body } = await operate(`/events?${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.data.map(({ id }: { id: string }) => id);
}

describe("the list of events", () => {
  test("comes newest first", async () => {
    const source = await newSource();
    const ids = await accept(source, "action_id=1", "action_id=2", "action_id=3");
    expect(await list(`source=${source.id}`)).toEqual([...ids].reverse());
  });

  test("tells an event in the customers' words, amounts as text", async () => {
    const source = await newSource();
    const [id] = await accept(
      source,
      "action_id=7&status=PENDING&payout=0.88&delta_payout=-1&amount=21.990001&currency=usd&cid=x&subid1=s",
    );
    expect((await operate(`/events?source=${source.id}`)).body.data).toMatchObject([
      {
        id,
        type: "action.pending",
        kind: "action-lifecycle",
        subject: "action:7",
        source: source.name,
        source_id: source.id,
        action_id: "7",
        status: "PENDING",
        payout: "0.88",
        delta_payout: "-1.00",
        amount: "21.990001",
        currency: "USD",
        sub_id1: "s",
        is_test: false,
        fields: { cid: "x", SubId1: "s", Payout: "0.88" },
        warnings: [],
      },
    ]);
  });

  test("is walked through by `next`, which is null at the end", async () => {
    const source = await newSource();
    const ids = await accept(source, "action_id=1", "action_id=2", "action_id=3");
    const first = (await operate(`/events?source=${source.id}&limit=2`)).body;
    const second = (await operate(`/events?source=${source.id}&limit=2&cursor=${first.next}`)).body;
    expect([...first.data, ...second.data].map(({ id }: { id: string }) => id)).toEqual([...ids].reverse());
    expect([typeof first.next, second.next]).toEqual(["string", null]);
  });

  test("holds 50 unless asked for more", async () => {
    const source = await newSource();
    await Promise.all(Array.from({ length: 51 }, (_, n) => sendAccepted(source, { query: `action_id=${n}` })));
    expect(await list(`source=${source.id}`)).toHaveLength(50);
    expect(await list(`source=${source.id}&limit=200`)).toHaveLength(51);
  });

  test.each([
    ["kind=action-clearing", "clearing"],
    ["type=action.cleared", "clearing"],
    ["status=reversed", "reversed"],
    ["action_id=a-1", "pending"],
    ["q=needle", "pending"],
    ["q=NEEDLE", "pending"],
    ["q=my_key", "pending"],
    ["q=%22quoted%22", "reversed"],
    ["q=100%25", "reversed"],
    ["q=M%C3%BCller", "reversed"],
  ])("can be narrowed by %s", async (filter, wanted) => {
    const source = await newSource();
    const [pending, reversed] = await accept(
      source,
      "action_id=a-1&status=PENDING&my_key=a+needle+in+hay",
      "action_id=a-2&status=REVERSED&note=%22quoted%22+100%25+M%C3%BCller",
    );
    const clearing = await sendAccepted(source, { kind: "action-clearing", query: "action_id=a-3&status=APPROVED" });
    expect(await list(`source=${source.id}&${filter}`)).toEqual([{ pending, reversed, clearing }[wanted]]);
  });

  test("can be narrowed by the name of a source", async () => {
    const source = await newSource();
    const ids = await accept(source, "action_id=1");
    expect(await list(`source=${encodeURIComponent(source.name)}`)).toEqual(ids);
  });

  test("can be bounded in time, from `since` on and before `until`", async () => {
    const source = await newSource();
    const [id] = await accept(source, "action_id=1");
    const at = (await operate(`/events/${id}`)).body.received_at;
    expect(await list(`source=${source.id}&since=${at}`)).toEqual([id]);
    expect(await list(`source=${source.id}&until=${at}`)).toEqual([]);
  });

  test.each([
    ["kind=sales", "kind"],
    ["type=action.exploded", "type"],
    ["since=yesterday", "since"],
    ["until=1", "until"],
    ["limit=0", "limit"],
    ["limit=1000", "limit"],
    ["q=", "q"],
    ["cursor=nonsense%27--", "cursor"],
    ["colour=red", "colour"],
  ])("asked for %s is 422, and says what is wrong by name", async (query, field) => {
    const { status, body } = await operate(`/events?${query}`);
    expect([status, body.code]).toEqual([422, "invalid_input"]);
    expect(body.errors.map((mistake: { field: string }) => mistake.field)).toEqual([field]);
  });
});

describe("the receipt of an event", () => {
  async function receiptOf(source: TestSource, parts: Parameters<typeof send>[1]) {
    return (await operate(`/events/${await sendAccepted(source, parts)}`)).body.receipt;
  }

  test("shows what came, and from where", async () => {
    const body = '{"action_id": "1", "payout": 5.10}';
    const headers = { "content-type": "application/json", "user-agent": "impact.com", "cf-connecting-ip": "203.0.113.9" };
    expect(await receiptOf(await newSource(), { query: "a=1&b=%20", body, headers })).toEqual({
      method: "POST",
      query: "a=1&b=%20",
      headers: { "content-type": "application/json", "content-length": String(body.length), "user-agent": "impact.com" },
      ip: "203.0.113.9",
      body,
      body_encoding: "utf-8",
      body_bytes: body.length,
    });
  });

  test("shows bytes that are no text as base64, to the last bit", async () => {
    const bytes = Buffer.concat([Buffer.from("action_id=1&name=M"), Buffer.from([0xfc, 0x00]), Buffer.from("ller")]);
    const receipt = await receiptOf(await newSource(), { body: bytes });
    expect(receipt).toMatchObject({ body_encoding: "base64", body_bytes: bytes.byteLength });
    expect(Buffer.from(receipt.body, "base64")).toEqual(bytes);
  });

  const secret = "s3cr3t-v4lue";
  test.each([
    ["a query", { query: `action_id=1&token=${secret}` }],
    ["a query, under a key of another spelling", { query: `action_id=1&Auth-Token=${secret}` }],
    ["a query, under a percent-encoded key", { query: `action_id=1&access%5Ftoken=${secret}` }],
    ["a form", { body: `api_key=${secret}&action_id=1` }],
    ["a JSON body", { body: `{"action_id":"1","password" : "${secret}"}` }],
    ["a JSON body, with a quote in it", { body: `{"action_id":"1","password":"\\"${secret}"}` }],
    ["a JSON body, further in", { body: `{"action_id":"1","auth":{"token":"${secret}"}}` }],
    ["an XML element", { body: `<p><action_id>1</action_id><token>${secret}</token></p>` }],
    ["an XML attribute", { body: `<p action_id="1" token="${secret}"/>` }],
    ["an XML element in CDATA", { body: `<p><action_id>1</action_id><token><![CDATA[${secret}]]></token></p>` }],
    ["a form in Latin-1, shown as base64", { body: Buffer.from(`action_id=1&name=M\xfcller&token=${secret}`, "latin1") }],
  ])("shows no secret out of %s", async (_what, parts) => {
    const { body, ...rest } = await receiptOf(await newSource(), parts);
    const shown = rest.body_encoding === "base64" ? Buffer.from(body, "base64").toString("latin1") : body;
    expect(JSON.stringify({ ...rest, shown })).not.toContain(secret);
  });

  test("shows a click id, which is no secret", async () => {
    const receipt = await receiptOf(await newSource(), { query: "action_id=1&ref_click_id=abc&clickid=def" });
    expect(receipt.query).toBe("action_id=1&ref_click_id=abc&clickid=def");
  });
});

describe("an event", () => {
  test("shows its deliveries with their attempts", async () => {
    const source = await newSource();
    const far = farHost(() => new Response("welcome", { headers: { server: "far" } }));
    const { id } = await newDestination({ url: far.url, filter: only(source) });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    await untilDelivery(`${event}:${id}`, "delivered");
    const { deliveries } = (await operate(`/events/${event}`)).body;
    expect(deliveries.find(({ destination }: { destination: string }) => destination === id)).toMatchObject({
      id: `${event}:${id}`,
      state: "delivered",
      attempt_count: 1,
      attempts: [{ number: 1, delivered: true, status: 200, response: { body: "welcome", headers: { server: "far" } } }],
    });
  });

  test.each([
    ["a flat key", '{"action_id":"1","password":"s3cr3t-v4lue"}'],
    ["an object", '{"action_id":"1","auth":{"token":"s3cr3t-v4lue"}}'],
    ["a list", '{"action_id":"1","items":[{"token":"s3cr3t-v4lue"}]}'],
  ])("shows no secret out of %s", async (_what, body) => {
    const { receipt, ...event } = (await operate(`/events/${await sendAccepted(await newSource(), { body })}`)).body;
    const shown = JSON.stringify({ fields: event.fields, items: event.items });
    expect(shown).not.toContain("s3cr3t-v4lue");
  });

  test("shows its warnings", async () => {
    const id = await sendAccepted(await newSource(), { query: "status=PENDING&sub_id1={SubId1}" });
    const { warnings, is_test } = (await operate(`/events/${id}`)).body;
    expect(warnings.map(({ code }: { code: string }) => code).sort()).toEqual(["no_subject", "unresolved_macro"]);
    expect(is_test).toBe(true);
  });

  test("is told under the new name of its source", async () => {
    const source = await newSource();
    const id = await sendAccepted(source, { query: "action_id=1" });
    const name = `renamed ${crypto.randomUUID()}`;
    await operate(`/sources/${source.id}`, { name }, "PATCH");
    expect((await operate(`/events/${id}`)).body.source).toBe(name);
  });

  test.each(["evt_nobody", "nonsense", "01a20c64-cfe7-79f3-8c02-8c871f9317d4"])("is 404 where there is none: %s", async (id) => {
    expect((await operate(`/events/${id}`)).status).toBe(404);
  });

  test("stays as it was stored: no call changes its row", async () => {
    const source = await newSource();
    const id = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    const row = async () => await env.DB.prepare("select * from events where id = ?").bind(id).first();
    const before = await row();
    await send(source, { query: "action_id=1&status=PENDING" });
    await send(source, { query: "action_id=1&status=REVERSED" });
    await operate(`/events/${id}`);
    expect(await row()).toEqual(before);
  });
});
