import { expect, test } from "vitest";
import { day } from "../src/domain/time.ts";
import { isSigned, linkTo } from "../src/link.ts";

const key = (fill: number) => new Uint8Array(32).fill(fill);
const keys = (encryptionKey: number, next?: number) => ({
  encryptionKey: key(encryptionKey),
  nextEncryptionKey: next === undefined ? null : key(next),
});
const linked = { jobId: "d8807a9f/?#", hintEventId: "evt_1", expiresAt: Date.parse("2026-11-27T00:00:00Z") };

function signatureOf(link: string): string {
  return new URL(link).searchParams.get("signature") as string;
}

test("a link names the job, the file and the time, and is signed", () => {
  const url = new URL(linkTo(keys(1), "https://edge.example", linked));
  expect(url.pathname).toBe("/jobs/d8807a9f%2F%3F%23/download");
  expect(Object.fromEntries(url.searchParams)).toEqual({
    file: "evt_1",
    expires: "1795737600",
    signature: expect.stringMatching(/^[\w-]{43}$/),
  });
});

test("a signature is good for what it was made for, and nothing else", () => {
  const signature = signatureOf(linkTo(keys(1), "", linked).replace(/^/, "https://edge.example"));
  expect(isSigned(keys(1), linked, signature)).toBe(true);
  const others = [{ jobId: "another" }, { hintEventId: "evt_2" }, { expiresAt: linked.expiresAt + day }];
  for (const other of others) expect(isSigned(keys(1), { ...linked, ...other }, signature)).toBe(false);
  for (const forged of ["", "x", `${signature}A`, signature.replace(/^./, (first) => (first === "A" ? "B" : "A"))])
    expect(isSigned(keys(1), linked, forged)).toBe(false);
});

test("it outlives a change of the encryption key when it was made during or after it", () => {
  const [before, during, after] = [keys(1), keys(1, 2), keys(2)].map((one) => signatureOf(linkTo(one, "https://edge.example", linked)));
  for (const signature of [before, during, after]) expect(isSigned(keys(1, 2), linked, signature as string)).toBe(true);
  for (const signature of [during, after]) expect(isSigned(keys(2), linked, signature as string)).toBe(true);
  expect(isSigned(keys(2), linked, before as string)).toBe(false);
});
