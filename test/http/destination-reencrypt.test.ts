import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { newShortId } from "../../src/domain/id.ts";
import { answer } from "../../src/http/router.ts";
import { deleteConnection, findConnection, saveConnection } from "../../src/store/connections.ts";
import { newSeal } from "../../src/store/seal.ts";
import { call, newApp, newDestination, operate, origin } from "../kit.ts";
import { asOperator } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const { config, seal: present, catalog } = newApp();

/**
 * The former key of these tests: they have sealed with it what is theirs, and the key of all other tests stands for
 * NEXT_ENCRYPTION_KEY, so that nothing of theirs has to be sealed anew.
 */
const formerKey = crypto.getRandomValues(new Uint8Array(32));

async function reencrypt(): Promise<{ key: string; resealed: number; left: number; unreadable: string[] }> {
  const app = newApp({ seal: newSeal(formerKey, config.encryptionKey) });
  const request = new Request(`${origin}/destinations/reencrypt`, { method: "POST", headers: asOperator });
  const response = await answer(request, () => app);
  expect(response.status).toBe(200);
  return await response.json();
}

async function sealedOf(id: string): Promise<string> {
  return (await env.DB.prepare("select sealed from destinations where id = ?").bind(id).first<string>("sealed")) ?? "";
}

/** Seals the secrets of destinations with another key than they are sealed with now. */
async function sealWith(key: Uint8Array, ids: string[]): Promise<void> {
  const write = env.DB.prepare("update destinations set sealed = ?2 where id = ?1");
  const seal = newSeal(key);
  await env.DB.batch(await Promise.all(ids.map(async (id) => write.bind(id, await seal.seal(await present.open(await sealedOf(id)))))));
  catalog.forget();
}

async function sealedBefore(count: number, settings: Record<string, unknown> = {}) {
  const made = [];
  for (let n = 0; n < count; n++) made.push(await newDestination({ filter: "false", ...settings }));
  await sealWith(
    formerKey,
    made.map(({ id }) => id),
  );
  return made;
}

const keyIdOf = (sealed: string) => sealed.split(".")[1];

describe("sealing all secrets anew", () => {
  test("changes their key, and tells which it is", async () => {
    const [one] = await sealedBefore(1);
    const before = keyIdOf(await sealedOf(one?.id ?? ""));
    const { key, resealed } = await reencrypt();
    expect([resealed, key]).toEqual([1, present.keyId]);
    expect([before, keyIdOf(await sealedOf(one?.id ?? ""))]).toEqual([newSeal(formerKey).keyId, present.keyId]);
  });

  test("leaves the secrets usable, without the former key", async () => {
    const far = farHost();
    const settings = { url: far.url, headers: { "x-key": "hush" }, secrets: { key: "word" }, body: '"{{ secrets.key }}"' };
    const [one] = await sealedBefore(1, { ...settings, auth: { type: "bearer", token: "token" } });
    await reencrypt();
    expect((await operate(`/destinations/${one?.id}/test`, {})).body.delivered).toBe(true);
    const [heard] = far.heard;
    expect(["x-key", "authorization"].map((name) => heard?.headers.get(name))).toEqual(["hush", "Bearer token"]);
    expect(new Webhook(one?.secret ?? "").verify(heard?.body ?? "", Object.fromEntries(heard?.headers ?? []))).toBe("word");
  });

  test("takes fifty at a time, and counts down what is left", async () => {
    await sealedBefore(60);
    const counts = [];
    for (let n = 0; n < 3; n++) {
      const { resealed, left, unreadable } = await reencrypt();
      counts.push([resealed, left - unreadable.length]);
    }
    expect(counts).toEqual([
      [50, 10],
      [10, 0],
      [0, 0],
    ]);
  }, 20_000);

  test("leaves alone what today's key has sealed, so that a second call does nothing", async () => {
    const [one] = await sealedBefore(1);
    const other = await newDestination({ filter: "false" });
    const rows = async () => await env.DB.prepare("select * from destinations where id in (?, ?)").bind(one?.id, other.id).all();
    const untouched = await sealedOf(other.id);
    await reencrypt();
    expect(await sealedOf(other.id)).toBe(untouched);
    const { results: before } = await rows();
    await reencrypt();
    expect((await rows()).results).toEqual(before);
  });

  test("says of a destination nothing but its key: it is no change of it", async () => {
    const [one] = await sealedBefore(1, { headers: { "x-key": "hush" } });
    const before = (await operate(`/destinations`)).body.data.find(({ id }: { id: string }) => id === one?.id);
    await reencrypt();
    expect((await operate(`/destinations`)).body.data.find(({ id }: { id: string }) => id === one?.id)).toEqual(before);
  });

  test("names what no key here opens, leaves it, and goes on with all others", async () => {
    const [lost, damaged] = [await newDestination({ filter: "false" }), await newDestination({ filter: "false" })];
    await sealWith(crypto.getRandomValues(new Uint8Array(32)), [lost.id]);
    await env.DB.prepare("update destinations set sealed = 'v2.nonsense' where id = ?").bind(damaged.id).run();
    const [one] = await sealedBefore(1);
    const { left, unreadable } = await reencrypt();
    expect(unreadable).toEqual(expect.arrayContaining([lost.id, damaged.id]));
    expect(left).toBe(unreadable.length);
    expect(keyIdOf(await sealedOf(one?.id ?? ""))).toBe(present.keyId);
    for (const { id } of [lost, damaged]) await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
  });

  test("leaves out what was deleted: it has no secrets any more", async () => {
    const { id } = await newDestination({ filter: "false" });
    await call(`/destinations/${id}`, { method: "DELETE", headers: asOperator });
    expect((await reencrypt()).unreadable).not.toContain(id);
    expect(await sealedOf(id)).toBe("");
  });

  test("is done for sources' access to impact.com's API as well", async () => {
    const credentials = JSON.stringify({ accountSid: "IRsid", authToken: "token" });
    const sealed = async (key: Uint8Array) => await newSeal(key).sealText(credentials);
    const [one, lost] = await Promise.all([
      aConnection(await sealed(formerKey)),
      aConnection(await sealed(crypto.getRandomValues(new Uint8Array(32)))),
    ]);
    const { resealed, unreadable } = await reencrypt();
    expect([resealed, unreadable.includes(lost), unreadable.includes(one)]).toEqual([1, true, false]);
    expect(await present.openText((await findConnection(env.DB, one))?.sealed ?? "")).toBe(credentials);
    expect((await reencrypt()).resealed).toBe(0);
    for (const id of [one, lost]) await deleteConnection(env.DB, id);
  });
});

/** A source's access to impact.com's API with these credentials; the source's id. */
async function aConnection(sealed: string): Promise<string> {
  const sourceId = newShortId("src");
  const abilities = { actions: "ok", updates: "ok", inquiries: "ok", jobs: "ok" };
  const never = Number.MAX_SAFE_INTEGER;
  const instants = { watermark: 1, nextUpdatesAt: never, nextStatesAt: never, createdAt: 1, updatedAt: 1 };
  const account = { accountHash: sourceId, accountHint: "IR…", campaignIds: [], abilities, failure: null };
  await saveConnection(env.DB, { sourceId, sealed, origin, ...account, ...instants });
  return sourceId;
}
