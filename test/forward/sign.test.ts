import { createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import type { SigningKey } from "../../src/domain/destination.ts";
import { hour } from "../../src/domain/time.ts";
import { newSigningKey, publicKeyOf, rotated, usableAt } from "../../src/forward/keys.ts";
import { sign } from "../../src/forward/sign.ts";

const vector = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330_000, body: '{"test": 2432232314}' };
const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const pair = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const hmacSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const edSignature = "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==";

const signatureOf = (...keys: string[]) => sign(vector.id, vector.at, vector.body, keys)["webhook-signature"];
const body = JSON.stringify({ type: "action.pending", name: "Zoë ☕" });

/** Verifies with what the far side has: the public key and the headers. */
function isVerified(publicKey: string, headers: Record<string, string>, signed: string | Uint8Array): boolean {
  const x = Buffer.from(publicKey.replace(/^whpk_/, ""), "base64").toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const content = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`), Buffer.from(signed as string)]);
  const signatures = (headers["webhook-signature"] ?? "").split(" ").filter((one) => one.startsWith("v1a,"));
  return signatures.some((one) => verify(null, content, key, Buffer.from(one.slice(4), "base64")));
}

describe("the published vectors", () => {
  test("are made with v1, in all three headers", () => {
    expect(sign(vector.id, vector.at, vector.body, [`whsec_${secret}`])).toEqual({
      "webhook-id": vector.id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": hmacSignature,
    });
  });

  test("are made with v1a, from seed and public key", () => expect(signatureOf(`whsk_${pair}`)).toBe(edSignature));

  test("are made with v1a, from the seed alone", () => {
    const seed = Buffer.from(pair, "base64").subarray(0, 32).toString("base64");
    expect(signatureOf(`whsk_${seed}`)).toBe(edSignature);
  });

  test("are made with a secret without its prefix", () => expect(signatureOf(secret)).toBe(hmacSignature));

  test("stand side by side in the order of the keys", () => {
    expect(signatureOf(`whsk_${pair}`, `whsec_${secret}`)).toBe(`${edSignature} ${hmacSignature}`);
  });
});

test("a body of bytes is signed like the text they are", () => {
  const key = newSigningKey("v1");
  expect(sign("evt_1", 0, new TextEncoder().encode(body), [key])).toEqual(sign("evt_1", 0, body, [key]));
});

test("bytes that are no text are signed as they are", () => {
  const key = newSigningKey("v1a");
  const bytes = new Uint8Array([0, 255, 128, 10]);
  expect(isVerified(publicKeyOf(key) ?? "", sign("evt_1", 0, bytes, [key]), bytes)).toBe(true);
});

test("a request without a body is signed like an empty one", () => {
  const key = newSigningKey("v1");
  expect(sign("evt_1", 0, null, [key])).toEqual(sign("evt_1", 0, "", [key]));
});

test("without a key there is no signature to send", () => {
  expect(sign("evt_1", 1999, body, [])).toEqual({ "webhook-id": "evt_1", "webhook-timestamp": "1" });
});

test("the far side's own library verifies a v1 signature, and refuses that of a stranger", () => {
  const key = newSigningKey("v1");
  const headers = sign("evt_1", Date.now(), body, [newSigningKey("v1a"), key]);
  expect(new Webhook(key).verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(newSigningKey("v1")).verify(body, headers)).toThrow();
});

test("a public key verifies a v1a signature, and neither another body nor another key's", () => {
  const key = newSigningKey("v1a");
  const headers = sign("evt_1", Date.now(), body, [newSigningKey("v1"), key]);
  expect(isVerified(publicKeyOf(key) ?? "", headers, body)).toBe(true);
  expect(isVerified(publicKeyOf(key) ?? "", headers, `${body} `)).toBe(false);
  expect(isVerified(publicKeyOf(newSigningKey("v1a")) ?? "", headers, body)).toBe(false);
});

describe("over a change of keys", () => {
  const [old, next] = [newSigningKey("v1"), newSigningKey("v1")] as const;
  const changedAt = Date.now();
  const before: SigningKey[] = [{ key: old, createdAt: 0, until: null }];
  const after = rotated(before, next, changedAt, hour);
  const isTaken = (key: string, keys: SigningKey[], now: number) => {
    const headers = sign("evt_1", Date.now(), body, usableAt(keys, now));
    try {
      return new Webhook(key).verify(body, headers) !== undefined;
    } catch {
      return false;
    }
  };

  test("the far side verifies with the old key before it", () => expect(isTaken(old, before, changedAt - 1)).toBe(true));
  test("the far side verifies with either key during it", () => {
    for (const now of [changedAt, changedAt + hour - 1])
      expect([isTaken(old, after, now), isTaken(next, after, now)]).toEqual([true, true]);
  });
  test("the far side verifies with the new key alone after it", () => {
    expect([isTaken(old, after, changedAt + hour), isTaken(next, after, changedAt + hour)]).toEqual([false, true]);
  });
});

test.each(["whsec_", "whsec_!!!", "whsk_", "whsk_c2hvcnQ=", `whsk_${pair.slice(0, 60)}`])("%s cannot sign, and is not repeated", (key) => {
  const message = messageOf(() => signatureOf(key));
  expect(message).toMatch(/signing key of this destination .* Give the destination a new key\.$/);
  expect(message).not.toContain(key);
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
