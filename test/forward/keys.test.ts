import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SigningKey } from "../../src/domain/destination.ts";
import { Problem } from "../../src/domain/problem.ts";
import { day, hour } from "../../src/domain/time.ts";
import { checkSigningKey, grace, newSigningKey, publicKeyOf, rotated, usableAt, versionOf } from "../../src/forward/keys.ts";
import { runs } from "../fuzz.ts";

const secret = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const pair = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const publicKey = "1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";
const seed = Buffer.from(pair, "base64").subarray(0, 32).toString("base64");
const base64 = (size: number, byte = 251) => Buffer.alloc(size, byte).toString("base64");
const sizeOf = (key: string) => Buffer.from(key.replace(/^wh\w+?_/, ""), "base64").length;

describe("a new key", () => {
  test("of v1 is 32 bytes after whsec_", () => {
    expect(newSigningKey("v1")).toMatch(/^whsec_/);
    expect(sizeOf(newSigningKey("v1"))).toBe(32);
  });

  test("of v1a is a pair of 64 bytes after whsk_", () => {
    expect(newSigningKey("v1a")).toMatch(/^whsk_/);
    expect(sizeOf(newSigningKey("v1a"))).toBe(64);
  });

  test.each(["v1", "v1a"] as const)("of %s is of that version, and another one each time", (version) => {
    expect(versionOf(newSigningKey(version))).toBe(version);
    expect(newSigningKey(version)).not.toBe(newSigningKey(version));
  });

  test.each(["v1", "v1a"] as const)("of %s would be taken from an operator as it is", (version) => {
    const key = newSigningKey(version);
    expect(checkSigningKey(key)).toBe(key);
  });
});

test("a secret without a prefix is of v1", () => expect(versionOf(secret)).toBe("v1"));

describe("the public key", () => {
  test("of the published pair is its second half", () => expect(publicKeyOf(`whsk_${pair}`)).toBe(`whpk_${publicKey}`));
  test("of a seed alone is the same", () => expect(publicKeyOf(`whsk_${seed}`)).toBe(`whpk_${publicKey}`));
  test("of v1 is not there", () => expect(publicKeyOf(`whsec_${secret}`)).toBeNull());
});

describe("a key that an operator brings along", () => {
  test.each([
    ["with its prefix", `whsec_${secret}`, `whsec_${secret}`],
    ["without its prefix", secret, `whsec_${secret}`],
    ["with blanks around it", `  whsec_${secret}\n`, `whsec_${secret}`],
    ["with its prefix in capitals", `WHSEC_${secret}`, `whsec_${secret}`],
    ["in base64url, without padding", Buffer.alloc(25, 251).toString("base64url"), `whsec_${base64(25)}`],
    ["in base64url, with a prefix", `whsec_${Buffer.alloc(25, 251).toString("base64url")}`, `whsec_${base64(25)}`],
    ["of 24 bytes", base64(24), `whsec_${base64(24)}`],
    ["of 64 bytes", base64(64), `whsec_${base64(64)}`],
    ["of v1a, as a pair", `whsk_${pair}`, `whsk_${pair}`],
    ["of v1a, as a seed", `whsk_${seed}`, `whsk_${pair}`],
  ])("is taken %s", (_, text, key) => expect(checkSigningKey(text)).toBe(key));

  test.each([
    ["nothing", "", "is not base64"],
    ["words", "not a key but a sentence of some length", "is not base64"],
    ["padding in the middle", `${base64(25)}${base64(25)}`, "is not base64"],
    ["a length that no bytes have", `${secret}A`, "is not base64"],
    ["23 bytes", base64(23), "holds 23 bytes, not 24 to 64"],
    ["65 bytes", base64(65), "holds 65 bytes, not 24 to 64"],
    ["a public key", `whpk_${publicKey}`, "is a public key, and only the secret key of the pair can sign"],
    ["31 bytes for v1a", `whsk_${base64(31)}`, "holds 31 bytes, not 32 (seed) or 64 (seed and public key)"],
    ["48 bytes for v1a", `whsk_${base64(48)}`, "holds 48 bytes, not 32 (seed) or 64 (seed and public key)"],
    ["halves of two pairs", `whsk_${base64(64)}`, "holds a public key that does not belong to its secret half"],
  ])("is refused with %s, in words that say what to do and do not repeat it", (_, text, reason) => {
    const problem = problemOf(() => checkSigningKey(text));
    expect(problem.toJSON()).toMatchObject({ code: "invalid_input", errors: [{ field: "key", reason }] });
    expect(problem.message).toBe(
      `The signing key ${reason}. Give whsec_ or whsk_ followed by the key in base64, or leave the key out to have one made.`,
    );
    if (text !== "") expect(JSON.stringify(problem)).not.toContain(text);
  });

  test("never shows in an error, whatever it is", () => {
    const texts = fc.oneof(
      fc.string({ minLength: 12 }),
      fc.uint8Array({ minLength: 12 }).map((bytes) => `whsk_${Buffer.from(bytes).toString("base64")}`),
    );
    const isSilent = (text: string) => {
      try {
        return /^(whsec|whsk)_/.test(checkSigningKey(text));
      } catch (error) {
        return error instanceof Problem && !JSON.stringify(error).includes(text) && !(error.stack ?? "").includes(text);
      }
    };
    fc.assert(fc.property(texts, isSilent), runs());
  });
});

describe("the keys that sign", () => {
  const keys: SigningKey[] = [
    { key: "middle", createdAt: 20, until: 200 },
    { key: "newest", createdAt: 30, until: null },
    { key: "oldest", createdAt: 10, until: 100 },
  ];

  test("are all that have not ended, newest first", () => expect(usableAt(keys, 99)).toEqual(["newest", "middle", "oldest"]));
  test("are without one from the millisecond of its end", () => expect(usableAt(keys, 100)).toEqual(["newest", "middle"]));
  test("are the one without an end at last", () => expect(usableAt(keys, 1e15)).toEqual(["newest"]));
  test("keep the order in which they stand when they are of one time", () => {
    const twins = ["a", "b", "c"].map((key) => ({ key, createdAt: 0, until: null }));
    expect(usableAt(twins, 0)).toEqual(["a", "b", "c"]);
  });
});

describe("a change of keys", () => {
  const now = 10 * day;
  const old: SigningKey = { key: "whsec_old", createdAt: 1, until: null };
  const fresh: SigningKey = { key: "whsec_new", createdAt: now, until: null };

  test("puts the new key first and gives the old one its grace", () => {
    expect(rotated([old], "whsec_new", now, hour)).toEqual([fresh, { ...old, until: now + hour }]);
  });

  test("keeps an end that comes sooner", () => {
    const ending = { key: "whsec_ending", createdAt: 0, until: now + 5 };
    expect(rotated([old, ending], "whsec_new", now, hour)).toContainEqual(ending);
  });

  test("brings an end forward that comes later", () => {
    const ending = { key: "whsec_ending", createdAt: 0, until: now + 2 * hour };
    expect(rotated([ending], "whsec_new", now, hour)).toContainEqual({ ...ending, until: now + hour });
  });

  test("leaves out what has ended, of either version", () => {
    const ended = ["whsec_ended", "whsk_ended"].map((key) => ({ key, createdAt: 0, until: now }));
    expect(rotated(ended, "whsec_new", now, hour)).toEqual([fresh]);
  });

  test("leaves the other version as it is", () => {
    const other = { key: "whsk_other", createdAt: 0, until: null };
    expect(rotated([old, other], "whsec_new", now, 0)).toEqual([fresh, other]);
  });

  test("with a grace of 0 leaves no earlier key of its version", () => {
    const ending = { key: "whsec_ending", createdAt: 0, until: now + hour };
    expect(rotated([old, ending], "whsec_new", now, 0)).toEqual([fresh]);
  });

  test("to a key that is there already does not list it twice", () => {
    expect(rotated([fresh, { ...old, until: now + 1 }], "whsec_old", now, hour)).toEqual([
      { ...old, createdAt: now },
      { ...fresh, until: now + hour },
    ]);
  });

  test("does not touch the keys that it was given", () => {
    const keys = [Object.freeze({ ...old })];
    rotated(Object.freeze(keys) as SigningKey[], "whsec_new", now, hour);
    expect(keys).toEqual([old]);
  });

  test("lets every earlier key sign to the end of its grace and no longer, one after the other", () => {
    const changes = fc.array(
      fc.record({ version: fc.constantFrom("whsec_", "whsk_"), pause: fc.nat(3 * hour), grace: fc.nat(grace.longest) }),
      { minLength: 1, maxLength: 12 },
    );
    const holds = (steps: { version: string; pause: number; grace: number }[]) => {
      let keys: SigningKey[] = [];
      let at = 0;
      const ends = new Map<string, number>();
      for (const [n, step] of steps.entries()) {
        at += step.pause;
        for (const [key, end] of ends) if (key.startsWith(step.version)) ends.set(key, Math.min(end, at + step.grace));
        ends.set(`${step.version}${n}`, Infinity);
        keys = rotated(keys, `${step.version}${n}`, at, step.grace);
      }
      const moments = [at, ...[...ends.values()].filter((end) => end >= at && end < Infinity).flatMap((end) => [end - 1, end])];
      return moments
        .filter((moment) => moment >= at)
        .every((moment) => {
          const wanted = [...ends].filter(([, end]) => end > moment).map(([key]) => key);
          return JSON.stringify(usableAt(keys, moment).sort()) === JSON.stringify(wanted.sort());
        });
    };
    fc.assert(fc.property(changes, holds), runs());
  });

  test("takes a day unless said otherwise, and a week at most", () => expect(grace).toEqual({ usual: day, longest: 7 * day }));
});

function problemOf(work: () => unknown): Problem {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return error;
  }
  throw new Error("no Problem was thrown");
}
