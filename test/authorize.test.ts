import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { authorize } from "../src/authorize.ts";
import { saveToken } from "../src/store/tokens.ts";
import { newApp } from "./kit.ts";
import { aDestination } from "./store/samples.ts";

const tokenUrl = "https://login.example/token";
const auth = { type: "oauth2", tokenUrl, clientId: "edge", scope: "", audience: "", clientAuth: "basic" } as const;

test("a token that another isolate has got since is used in place of an old one, and none is asked for", async () => {
  const destination = aDestination({ auth });
  const { app, asked } = far();
  app.tokens.set(`${destination.id}@${destination.updatedAt}`, { token: "old", expiresAt: Date.now() - 1 });
  await saveToken(env.DB, destination.id, await app.seal.sealText("newer"), Date.now() + 60_000);
  expect(await authorize(app, destination, "s3cret")).toBe("Bearer newer");
  expect(asked()).toBe(0);
});

test("attempts at the same time ask for one token", async () => {
  const { app, asked } = far();
  const destination = aDestination({ auth });
  const all = await Promise.all(Array.from({ length: 6 }, () => authorize(app, destination, "s3cret")));
  expect(new Set(all)).toEqual(new Set(["Bearer token-1"]));
  expect(asked()).toBe(1);
});

test("a token that could not be kept for others serves all the same", async () => {
  const { app } = far();
  const seal = { ...app.seal, sealText: () => Promise.reject(new Error("no")) };
  expect(await authorize({ ...app, seal }, aDestination({ auth }), "s3cret")).toBe("Bearer token-1");
});

/** An authorization server that gives token-1, token-2, …, and how often it was asked. */
function far() {
  let count = 0;
  const answer = () => Response.json({ access_token: `token-${++count}`, token_type: "Bearer", expires_in: 3600 });
  const app = newApp({ tokens: new Map(), fetch: (async () => answer()) as typeof fetch });
  return { app, asked: () => count };
}
