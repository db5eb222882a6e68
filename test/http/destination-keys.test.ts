import { createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test, vi } from "vitest";
import { newApp, newDestination, newSource, operate } from "../kit.ts";
import { only, sendAccepted, untilDelivery } from "./ask.ts";
import { farHost, type Heard, useFarSide } from "./far.ts";

useFarSide();
afterEach(() => {
  vi.useRealTimers();
  newApp().catalog.forget(); // it may have been read in the future
});

const day = 86_400;
const random = (size: number) => Buffer.from(crypto.getRandomValues(new Uint8Array(size)));

/** A destination, and what it is sent when it is asked for. */
async function signed(settings: Record<string, unknown> = {}) {
  const far = farHost();
  const destination = await newDestination({ url: far.url, filter: "false", ...settings });
  const rotate = async (input: Record<string, unknown> = {}) => {
    const { status, body } = await operate(`/destinations/${destination.id}/secret`, input);
    expect(status, JSON.stringify(body)).toBe(200);
    return body;
  };
  const sent = async (): Promise<Heard> => {
    await operate(`/destinations/${destination.id}/test`, {});
    return far.heard.at(-1) as Heard;
  };
  return { ...destination, far, rotate, sent };
}

/** Which of these secrets the standardwebhooks library takes a request for. */
function accepting({ headers, body }: Heard, secrets: string[]): boolean[] {
  return secrets.map((secret) => {
    try {
      new Webhook(secret).verify(body, Object.fromEntries(headers));
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether one of the v1a signatures of a request is of the pair that a public key belongs to. */
function isFrom({ headers, body }: Heard, publicKey: string): boolean {
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), Buffer.from(publicKey.replace(/^whpk_/, ""), "base64")]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const content = Buffer.from(`${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${body}`);
  const signatures = (headers.get("webhook-signature") ?? "").split(" ").filter((one) => one.startsWith("v1a,"));
  return signatures.some((one) => verify(null, content, key, Buffer.from(one.slice(4), "base64")));
}

function versions({ headers }: Heard): string[] {
  return (headers.get("webhook-signature") ?? "").split(" ").map((one) => one.split(",")[0] ?? "");
}

const v1aKeys = (body: any): string[] => body.signing_keys.flatMap((key: any) => (key.public_key ? [key.public_key] : []));

describe("a rotation", () => {
  test("changes nothing before it happens", async () => {
    const { secret, sent } = await signed();
    expect(accepting(await sent(), [secret, `whsec_${random(32).toString("base64")}`])).toEqual([true, false]);
  });

  test("tells the new secret this once, until when the old one counts, and which is new", async () => {
    const { id, secret, rotate } = await signed();
    const before = (await operate(`/destinations/${id}`)).body;
    const body = await rotate({ grace: 60 });
    expect(body.secret).toMatch(/^whsec_/);
    expect(body.secret).not.toBe(secret);
    expect(body.signing_keys).toMatchObject([
      { version: "v1", until: null },
      { version: "v1", until: expect.any(String) },
    ]);
    expect([body.rotated, body.updated_at > before.updated_at]).toEqual(["v1", true]);
  });

  test("is verified with the old secret and with the new one during the grace time", async () => {
    const { secret, rotate, sent } = await signed();
    const { secret: fresh } = await rotate({ grace: 60 });
    expect(accepting(await sent(), [secret, fresh])).toEqual([true, true]);
  });

  test("ends the old secret with its grace time, and not before", async () => {
    const { secret, rotate, sent } = await signed();
    const { secret: fresh, signing_keys } = await rotate({ grace: 60 });
    const end = Date.parse(signing_keys[1].until);
    vi.useFakeTimers({ toFake: ["Date"], now: end - 1 });
    expect(accepting(await sent(), [secret, fresh])).toEqual([true, true]);
    vi.setSystemTime(end);
    expect(accepting(await sent(), [secret, fresh])).toEqual([false, true]);
  });

  test("with a grace of 0 ends the old secret at once", async () => {
    const { secret, rotate, sent } = await signed();
    const { secret: fresh, signing_keys } = await rotate({ grace: 0 });
    expect(accepting(await sent(), [secret, fresh])).toEqual([false, true]);
    expect(signing_keys).toHaveLength(1);
  });

  test.each([
    [{}, day],
    [{ grace: 7 * day }, 7 * day],
  ])("keeps the old one for a day unless said, and for seven at the most: %j", async (input, seconds) => {
    const { rotate } = await signed();
    const [fresh, old] = (await rotate(input)).signing_keys;
    expect(Date.parse(old.until) - Date.parse(fresh.created_at)).toBe(seconds * 1000);
  });

  test("a second and a third time leaves all of them good, newest first", async () => {
    const { secret, rotate, sent } = await signed();
    const secrets = [secret];
    for (let n = 0; n < 3; n++) secrets.unshift((await rotate({ grace: 3600 })).secret);
    const heard = await sent();
    expect(accepting(heard, secrets)).toEqual([true, true, true, true]);
    const [first = ""] = (heard.headers.get("webhook-signature") ?? "").split(" ");
    heard.headers.set("webhook-signature", first);
    expect(accepting(heard, secrets)).toEqual([true, false, false, false]);
  });

  test("with a shorter grace ends earlier ones sooner, with a longer one not later", async () => {
    const { rotate } = await signed();
    const first = (await rotate({ grace: 600 })).signing_keys[1].until;
    const later = (await rotate({ grace: 3600 })).signing_keys.map(({ until }: any) => until);
    expect(later[2]).toBe(first);
    const sooner = (await rotate({ grace: 60 })).signing_keys.map(({ until }: any) => until);
    expect([sooner[2], sooner[3]]).toEqual([sooner[1], sooner[1]]);
  });

  test("counts for deliveries as for tests", async () => {
    const source = await newSource();
    const { id, secret, rotate, far } = await signed({ filter: only(source) });
    const { secret: fresh } = await rotate({ grace: 60 });
    const event = await sendAccepted(source, { query: "action_id=1&status=PENDING" });
    await untilDelivery(`${event}:${id}`, "delivered");
    expect(accepting(far.heard[0] as Heard, [secret, fresh])).toEqual([true, true]);
  });

  test("happens without any input too", async () => {
    const { id } = await signed();
    expect((await operate(`/destinations/${id}/secret`, undefined, "POST")).body.rotated).toBe("v1");
  });

  test("of nobody is 404", async () => expect((await operate("/destinations/dst_nobody/secret", {})).status).toBe(404));
});

describe("a change of anything else", () => {
  test("leaves the signing keys alone", async () => {
    const { id, secret, rotate, sent } = await signed({ signatures: ["v1", "v1a"] });
    const before = await rotate({ grace: 3600 });
    await operate(`/destinations/${id}`, { headers: { "x-a": "1" }, secrets: { key: "k" }, auth: { type: "bearer", token: "t" } }, "PATCH");
    const heard = await sent();
    expect(accepting(heard, [secret, before.secret])).toEqual([true, true]);
    expect(isFrom(heard, v1aKeys(before)[0] ?? "")).toBe(true);
  });
});

describe("a v1a key", () => {
  test("is verified with its public key, and with no other", async () => {
    const { id, sent } = await signed({ signatures: ["v1a"] });
    const [publicKey = ""] = v1aKeys((await operate(`/destinations/${id}`)).body);
    const [other = ""] = v1aKeys((await operate(`/destinations/${(await signed({ signatures: ["v1a"] })).id}`)).body);
    const heard = await sent();
    expect([versions(heard), isFrom(heard, publicKey), isFrom(heard, other)]).toEqual([["v1a"], true, false]);
  });

  test("signs beside v1 when both are asked for", async () => {
    const { secret, id, sent } = await signed({ signatures: ["v1", "v1a"] });
    const heard = await sent();
    expect(accepting(heard, [secret])).toEqual([true]);
    expect(isFrom(heard, v1aKeys((await operate(`/destinations/${id}`)).body)[0] ?? "")).toBe(true);
  });

  test("can be added later, and leaves v1 as it is", async () => {
    const { secret, rotate, sent } = await signed();
    const body = await rotate({ version: "v1a" });
    expect(body.signing_keys).toMatchObject([
      { version: "v1a", until: null },
      { version: "v1", until: null },
    ]);
    const heard = await sent();
    expect([accepting(heard, [secret]), isFrom(heard, v1aKeys(body)[0] ?? "")]).toEqual([[true], true]);
  });

  test("is rotated like a secret: old and new during the grace time, the new one after it", async () => {
    const { id, rotate, sent } = await signed({ signatures: ["v1a"] });
    const [old = ""] = v1aKeys((await operate(`/destinations/${id}`)).body);
    const body = await rotate({ version: "v1a", grace: 60 });
    const [fresh = ""] = v1aKeys(body);
    const during = await sent();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(body.signing_keys[1].until) });
    const after = await sent();
    const verified = [during, after].map((heard) => [isFrom(heard, old), isFrom(heard, fresh)]);
    expect(verified).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  test("is told by its public part only, even when it is new", async () => {
    const { rotate } = await signed();
    const body = await rotate({ version: "v1a" });
    expect([body.secret, JSON.stringify(body).includes("whsk_")]).toEqual([undefined, false]);
  });
});

describe("a key of one's own", () => {
  const bytes = random(32);

  test.each([
    ["with its prefix", `whsec_${bytes.toString("base64")}`],
    ["without a prefix", bytes.toString("base64")],
    ["in base64url, as short as may be", `whsec_${random(24).toString("base64url")}`],
    ["as long as may be", `whsec_${random(64).toString("base64")}`],
  ])("is what requests are signed with: %s", async (_how, key) => {
    const { rotate, sent } = await signed();
    const { secret } = await rotate({ key, grace: 0 });
    const asBase64 = Buffer.from(key.replace(/^whsec_/, ""), "base64url").toString("base64");
    expect(secret).toBe(`whsec_${asBase64}`);
    expect(accepting(await sent(), [asBase64])).toEqual([true]);
  });

  test.each([
    ["a seed", (seed: Buffer) => seed],
    ["a seed and its public key", (seed: Buffer, publicKey: Buffer) => Buffer.concat([seed, publicKey])],
  ])("may be a v1a key: %s", async (_how, keyOf) => {
    const seed = random(32);
    const made = await (await signed()).rotate({ key: `whsk_${seed.toString("base64")}` });
    const [publicKey = ""] = v1aKeys(made);
    const { rotate, sent } = await signed();
    const key = `whsk_${keyOf(seed, Buffer.from(publicKey.slice(5), "base64")).toString("base64")}`;
    expect((await rotate({ key })).rotated).toBe("v1a");
    expect(isFrom(await sent(), publicKey)).toBe(true);
  });

  test("that is there already is not there twice", async () => {
    const { secret, rotate } = await signed();
    expect((await rotate({ key: secret })).signing_keys).toMatchObject([{ version: "v1", until: null }]);
  });

  test.each([
    ["nothing", "", /is not base64/],
    ["no base64", "whsec_!", /is not base64/],
    ["too short", `whsec_${random(23).toString("base64")}`, /holds 23 bytes, not 24 to 64/],
    ["too short without a prefix", random(16).toString("base64"), /holds 16 bytes, not 24 to 64/],
    ["too long", `whsec_${random(65).toString("base64")}`, /holds 65 bytes, not 24 to 64/],
    ["a public key", `whpk_${random(32).toString("base64")}`, /is a public key/],
    ["half a pair", `whsk_${random(31).toString("base64")}`, /holds 31 bytes, not 32 .seed. or 64/],
    ["a pair that is none", `whsk_${random(64).toString("base64")}`, /does not belong to its secret half/],
  ])("is refused, and not echoed, when it is %s", async (_what, key, reason) => {
    const { id } = await signed();
    const { status, body } = await operate(`/destinations/${id}/secret`, { key });
    expect([status, body.errors]).toEqual([422, [{ field: "key", reason: expect.stringMatching(reason) }]]);
    expect(body.detail).toMatch(/Give whsec_ or whsk_ followed by the key in base64, or leave the key out/);
    expect(JSON.stringify(body)).not.toContain(key.slice(6) || "hush");
  });

  test.each([
    ["v1a", bytes.toString("base64")],
    ["v1a", `whsec_${bytes.toString("base64")}`],
    ["v1", `whsk_${bytes.toString("base64")}`],
  ])("is refused when it is of another version than is said: %s", async (version, key) => {
    const { id, secret, sent } = await signed();
    const { status, body } = await operate(`/destinations/${id}/secret`, { version, key });
    expect([status, body.errors]).toEqual([422, [{ field: "version", reason: expect.stringMatching(/not that of the key/) }]]);
    expect([accepting(await sent(), [secret]), versions(await sent())]).toEqual([[true], ["v1"]]);
  });
});

test.each([
  [{ grace: 8 * day }, "grace", /<=604800/],
  [{ grace: -1 }, "grace", />=0/],
  [{ grace: 0.5 }, "grace", /expected int/],
  [{ grace: "60" }, "grace", /expected number/],
  [{ version: "v2" }, "version", /is not one of v1, v1a/],
  [{ key: 5 }, "key", /expected string/],
  [{ secret: "x" }, "secret", /not known here; known are version, grace, key/],
])("a rotation with %j is 422, and changes nothing", async (input, field, reason) => {
  const { id, secret, sent } = await signed();
  const { status, body } = await operate(`/destinations/${id}/secret`, input);
  expect([status, body.errors]).toEqual([422, [{ field, reason: expect.stringMatching(reason) }]]);
  expect(accepting(await sent(), [secret])).toEqual([true]);
});
