import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { findEvent } from "../../src/store/events.ts";
import { receiptCells } from "../../src/store/receipts.ts";
import { aReceipt } from "../kit.ts";
import { anEvent, save } from "./samples.ts";

const secretive = {
  authorization: "Bearer hush",
  cookie: "session=hush",
  "x-api-key": "hush",
  "x-signature": "hush",
  "cf-access-jwt-assertion": "hush",
};

test("keeps what says how to read the body, and who wrote it", () => {
  const headers = {
    "content-type": "application/json",
    "content-length": "2",
    "user-agent": "impact",
    "cf-ray": "1",
    "content-encoding": "gzip",
  };
  expect(JSON.parse(receiptCells(aReceipt({ headers }))[2])).toEqual(headers);
});

test.each(Object.keys(secretive))("does not keep the header %s", (name) => {
  const cells = receiptCells(aReceipt({ headers: { ...secretive, "content-type": "text/plain" } }));
  expect(cells[2]).not.toContain(name);
});

test("keeps no value of a header that could hold a secret", () => {
  expect(JSON.stringify(receiptCells(aReceipt({ headers: secretive })))).not.toContain("hush");
});

test("keeps neither the token nor its hash", () => {
  const receipt = aReceipt({ tokenHash: "the hash of a token" });
  expect(JSON.stringify(receiptCells(receipt))).not.toContain("the hash of a token");
});

test("gives bytes back as they came, whatever they are", async () => {
  const event = anEvent();
  const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  await save(event, { receipt: { ...aReceipt({ id: event.id }), body } });
  expect((await findEvent(env.DB, event.id))?.receipt.body).toEqual(body);
});

test("gives method, query, headers and address back as they came", async () => {
  const event = anEvent();
  const parts = { method: "POST", query: "a=1&b=%00&c='\"", headers: { "content-type": "text/x; charset=é" }, ip: "2001:db8::1" };
  await save(event, { receipt: aReceipt({ id: event.id, ...parts }) });
  expect((await findEvent(env.DB, event.id))?.receipt).toMatchObject(parts);
});

test("gives an empty body back as an empty body", async () => {
  const event = anEvent();
  await save(event, { receipt: aReceipt({ id: event.id }) });
  expect((await findEvent(env.DB, event.id))?.receipt.body).toEqual(new Uint8Array());
});
