import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import { newSigningSecret, sign } from "../../src/forward/sign.ts";

test("makes the signature of the published vector", () => {
  const headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000, '{"test": 2432232314}', [
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  ]);
  expect(headers).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

test("reads a secret without its prefix as the same key", () => {
  const of = (secret: string) => sign("msg_1", 0, "{}", [secret])["webhook-signature"];
  expect(of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).toBe(of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
});

test("is verified by the far side's own library, with each of two secrets", () => {
  const [first, second] = [newSigningSecret(), newSigningSecret()];
  const body = JSON.stringify({ type: "action.pending", name: "Zoë ☕" });
  const headers = sign("evt_1", Date.now(), body, [first, second]);
  expect(new Webhook(first).verify(body, headers)).toEqual(JSON.parse(body));
  expect(new Webhook(second).verify(body, headers)).toEqual(JSON.parse(body));
  expect(() => new Webhook(newSigningSecret()).verify(body, headers)).toThrow();
});
