import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { hour } from "../../src/domain/time.ts";
import { dropToken, findToken, saveToken } from "../../src/store/tokens.ts";

const db = env.DB;
const now = Date.parse("2026-11-20T08:00:00.123Z");

async function aToken(expiresAt = now + hour): Promise<string> {
  const id = newShortId("dst");
  await saveToken(db, id, "sealed", expiresAt);
  return id;
}

test("an access token is found, with its end, until the millisecond of it", async () => {
  const id = await aToken();
  expect(await findToken(db, id, now + hour - 1)).toEqual({ sealed: "sealed", expiresAt: now + hour });
  expect(await findToken(db, id, now + hour)).toBeNull();
});

test("there is none before one was saved", async () => expect(await findToken(db, newShortId("dst"), now)).toBeNull());

test("a later one takes the place of the one before, with its own end", async () => {
  const id = await aToken();
  await saveToken(db, id, "later", now + 2 * hour);
  expect(await findToken(db, id, now + hour)).toEqual({ sealed: "later", expiresAt: now + 2 * hour });
});

test("one that was dropped is not found, and that of another destination still is", async () => {
  const [dropped, kept] = [await aToken(), await aToken()];
  await dropToken(db, dropped);
  expect(await findToken(db, dropped, now)).toBeNull();
  expect(await findToken(db, kept, now)).toMatchObject({ sealed: "sealed" });
});

test("to drop one that is not there is no mistake", async () => expect(await dropToken(db, newShortId("dst"))).toBeUndefined());
