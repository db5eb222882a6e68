import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Secrets } from "../../src/domain/destination.ts";
import { newSeal, SealBroken, SealedElsewhere } from "../../src/store/seal.ts";

const key = (byte: number) => new Uint8Array(32).fill(byte);
const secrets: Secrets = {
  signing: [{ key: "whsec_bmV3", createdAt: 5, until: null }],
  headers: { "x-key": "schlüssel" },
  values: { api_key: "geheim" },
  auth: "Bearer-token",
};
const hidden = ["whsec_bmV3", "schlüssel", "geheim", "Bearer-token"];

/** Texts as version 0.1.0 sealed them, made here by the means of 0.1.0. */
async function sealedOfOld(byte: number, value: unknown): Promise<string> {
  const aes = await crypto.subtle.importKey("raw", key(byte), "AES-GCM", false, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const cipher = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, aes, new TextEncoder().encode(JSON.stringify(value)));
  return ["v1", Buffer.from(iv).toString("base64url"), Buffer.from(cipher).toString("base64url")].join(".");
}

async function errorOf(work: Promise<unknown>): Promise<Error> {
  return await work.then(
    () => Promise.reject(new Error("it was opened")),
    (error) => error,
  );
}

describe("what is sealed", () => {
  test("is opened by the same key, in another isolate too", async () => {
    expect(await newSeal(key(1)).open(await newSeal(key(1)).seal(secrets))).toEqual(secrets);
  });

  test("is opened as text when it was sealed as text", async () => {
    const seal = newSeal(key(1));
    expect(await seal.openText(await seal.sealText("access ☕"))).toBe("access ☕");
  });

  test("names its key by the beginning of its SHA-256", async () => {
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", key(1))).toString("hex");
    expect(newSeal(key(1)).keyId).toBe(digest.slice(0, 8));
    expect(await newSeal(key(1)).seal(secrets)).toMatch(new RegExp(`^v2\\.${digest.slice(0, 8)}\\.[\\w-]{16}\\.[\\w-]+$`));
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
    for (const secret of [...hidden, "signing", "headers"]) expect(sealed + shown).not.toContain(secret);
  });
});

describe("while the key is being changed", () => {
  const [before, during, after] = [newSeal(key(1)), newSeal(key(1), key(2)), newSeal(key(2))];

  test("what the old key sealed is opened", async () => expect(await during.open(await before.seal(secrets))).toEqual(secrets));
  test("the next key seals", async () => {
    expect(during.keyId).toBe(after.keyId);
    expect(await after.open(await during.seal(secrets))).toEqual(secrets);
    expect(await after.openText(await during.sealText("token"))).toBe("token");
  });
  test("what the next key sealed is opened", async () => expect(await during.open(await after.seal(secrets))).toEqual(secrets));
  test("only what the next key sealed is current", async () => {
    expect([during.isCurrent(await before.seal(secrets)), during.isCurrent(await during.seal(secrets))]).toEqual([false, true]);
  });
  test.each([1, 2])("what version 0.1.0 sealed with key %i is opened", async (byte) => {
    expect(await during.open(await sealedOfOld(byte, secrets))).toEqual(secrets);
  });
  test("a next key of null is none", async () => expect(newSeal(key(1), null).keyId).toBe(before.keyId));
});

describe("what version 0.1.0 sealed", () => {
  test("is opened, with its signing keys as keys without an end", async () => {
    const sealed = await sealedOfOld(1, { signing: ["whsec_a", "whsec_b"], headers: { "x-key": "1" } });
    expect(await newSeal(key(1)).open(sealed)).toEqual({
      signing: ["whsec_a", "whsec_b"].map((text) => ({ key: text, createdAt: 0, until: null })),
      headers: { "x-key": "1" },
      values: {},
      auth: null,
    });
  });

  test("is not current, so that it will be sealed anew", async () => {
    expect(newSeal(key(1)).isCurrent(await sealedOfOld(1, secrets))).toBe(false);
  });

  test("with another key is not opened, and may as well be damaged", async () => {
    const error = await errorOf(newSeal(key(1)).open(await sealedOfOld(2, secrets)));
    expect(error).toBeInstanceOf(SealedElsewhere);
    expect(error).toMatchObject({ wanted: null, present: [newSeal(key(1)).keyId] });
    expect(error.message).toContain("or damaged");
  });
});

test("what another key sealed is refused, with the ids of the key that is wanted and of those that are there", async () => {
  const [wanted, one, two] = [3, 1, 2].map((byte) => newSeal(key(byte)).keyId);
  const error = await errorOf(newSeal(key(1), key(2)).open(await newSeal(key(3)).seal(secrets)));
  expect(error).toBeInstanceOf(SealedElsewhere);
  expect(error).toMatchObject({ name: "SealedElsewhere", wanted, present: [one, two] });
  expect(error.message).toBe(
    `These secrets are sealed with the encryption key ${wanted}, which is not here (here: ${one}, ${two}). ` +
      "Set that key as ENCRYPTION_KEY and the present one as NEXT_ENCRYPTION_KEY, or give the destination new secrets.",
  );
});

test("what another key sealed is refused under our key's id too", async () => {
  const seal = newSeal(key(1));
  const foreign = (await newSeal(key(2)).seal(secrets)).replace(newSeal(key(2)).keyId, seal.keyId);
  expect(await errorOf(seal.open(foreign))).toBeInstanceOf(SealBroken);
});

test("a text that was sealed without the id of its key is refused with one", async () => {
  const [, iv, cipher] = (await sealedOfOld(1, secrets)).split(".");
  expect(await errorOf(newSeal(key(1)).open(`v2.${newSeal(key(1)).keyId}.${iv}.${cipher}`))).toBeInstanceOf(SealBroken);
});

describe("what is not as it was sealed", () => {
  const seal = newSeal(key(1));
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ";
  const isRefused = async (sealed: string) => {
    const error = await errorOf(seal.open(sealed));
    const words = `${error.message} ${error.stack}`;
    return (error instanceof SealBroken || error instanceof SealedElsewhere) && !hidden.some((secret) => words.includes(secret));
  };

  test.each(["sealed now", "sealed by 0.1.0"])("is refused with any one character changed, left out or put in (%s)", async (which) => {
    // Three lengths, so that the last character stands for 6, 4 and 2 bits.
    for (const auth of ["", "x", "xx"]) {
      const sealed = which === "sealed now" ? await seal.seal({ ...secrets, auth }) : await sealedOfOld(1, { ...secrets, auth });
      for (let n = 0; n < sealed.length; n++) {
        const letter = letters[(n * 7) % letters.length] === sealed[n] ? "B" : letters[(n * 7) % letters.length];
        const [head, tail] = [sealed.slice(0, n), sealed.slice(n + 1)];
        for (const wrong of [head + letter + tail, head + tail, head + letter + sealed.slice(n)].filter((text) => text !== sealed))
          if (!(await isRefused(wrong))) throw new Error(`opened with a change at ${n}`);
      }
    }
  });

  test("is refused with any last character but its own, even where the bytes are the same", async () => {
    for (const auth of ["", "x", "xx"]) {
      const sealed = await seal.seal({ ...secrets, auth });
      const wrong = [...letters].filter((letter) => letter !== sealed.at(-1)).map((letter) => sealed.slice(0, -1) + letter);
      expect(await Promise.all(wrong.map(isRefused))).toEqual(wrong.map(() => true));
    }
  });

  test("is refused when it is cut off anywhere", async () => {
    const sealed = await seal.seal(secrets);
    for (let n = 0; n < sealed.length; n++) if (!(await isRefused(sealed.slice(0, n)))) throw new Error(`opened when cut off at ${n}`);
  });

  test.each(["", "v1", "v1..", "v2...", "v2.AAAAAAAA.AAAA.AAAA", "v3.00000000.AAAA.AAAA", "nonsense"])("is refused: %j", async (sealed) => {
    expect(await errorOf(seal.open(sealed))).toBeInstanceOf(SealBroken);
  });

  test("is refused in words that say what to do", async () => {
    expect((await errorOf(seal.open("v2"))).message).toBe(
      "These secrets are damaged: changed, cut off, or not sealed by Postback Edge. Give the destination new secrets.",
    );
  });

  test("an access token is no destination's secrets, and the refusal does not show it", async () => {
    const error = await errorOf(seal.open(await seal.sealText("geheim")));
    expect(error).toBeInstanceOf(SealBroken);
    expect(`${error.message} ${error.stack}`).not.toContain("geheim");
  });
});

test("any secrets come back as they went in", async () => {
  const text = fc.string({ unit: "grapheme" });
  const any = fc.record({
    signing: fc.array(fc.record({ key: text, createdAt: fc.nat(), until: fc.option(fc.nat()) })),
    headers: fc.dictionary(text, text, { noNullPrototype: true }),
    values: fc.dictionary(text, text, { noNullPrototype: true }),
    auth: fc.option(text),
  });
  const seal = newSeal(key(1), key(2));
  const comesBack = async (value: Secrets) => JSON.stringify(await seal.open(await seal.seal(value))) === JSON.stringify(value);
  await fc.assert(fc.asyncProperty(any, comesBack), { numRuns: 50 });
});
