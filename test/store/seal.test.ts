import { expect, test } from "vitest";
import { newSeal } from "../../src/store/seal.ts";

const key = (byte: number) => new Uint8Array(32).fill(byte);
const secrets = { signing: ["whsec_bmV3", "whsec_b2xk"], headers: { Authorization: "Bearer schlüssel" } };

test("opens what it sealed", async () => {
  const seal = newSeal(key(1));
  expect(await seal.open(await seal.seal(secrets))).toEqual(secrets);
});

test("opens what another instance with the same key sealed", async () => {
  expect(await newSeal(key(1)).open(await newSeal(key(1)).seal(secrets))).toEqual(secrets);
});

test("does not open with another key", async () => {
  const sealed = await newSeal(key(1)).seal(secrets);
  await expect(newSeal(key(2)).open(sealed)).rejects.toThrow();
});

test("reads differently each time, so that equal secrets cannot be told", async () => {
  const seal = newSeal(key(1));
  expect(await seal.seal(secrets)).not.toBe(await seal.seal(secrets));
});

test("shows nothing of what is in it", async () => {
  const sealed = await newSeal(key(1)).seal(secrets);
  const shown = sealed
    .split(".")
    .map((part) => Buffer.from(part, "base64url").toString("latin1"))
    .join();
  for (const secret of ["whsec", "bmV3", "Authorization", "Bearer"]) expect(sealed + shown).not.toContain(secret);
});

test("does not open when a letter was changed", async () => {
  const seal = newSeal(key(1));
  const sealed = await seal.seal(secrets);
  const last = sealed.at(-2) === "A" ? "B" : "A";
  await expect(seal.open(`${sealed.slice(0, -2)}${last}${sealed.at(-1)}`)).rejects.toThrow();
});

test.each(["", "v1", "v1..", "v2.AAAA.AAAA", "nonsense"])("does not open %j", async (sealed) => {
  await expect(newSeal(key(1)).open(sealed)).rejects.toThrow();
});
