import type { App } from "./app.ts";
import type { Auth, Destination } from "./domain/destination.ts";
import { second } from "./domain/time.ts";
import { authorizationOf, fetchToken } from "./forward/auth.ts";
import { checkAddress } from "./guard.ts";
import { dropToken, findToken, saveToken } from "./store/tokens.ts";

type OAuth2 = Extract<Auth, { type: "oauth2" }>;

const tokenTimeoutMs = 5 * second;

/**
 * The Authorization header of a destination's requests, null when it has none. An OAuth2 token is kept until shortly before its
 * end, in this isolate and (encrypted) in D1, so that few are asked for. Throws when the authorization server gives none.
 */
export async function authorize(app: App, destination: Destination, secret: string | null): Promise<string | null> {
  const { auth, id } = destination;
  if (auth.type !== "oauth2") return authorizationOf(auth, secret);
  const remembered = app.tokens.get(keyOf(destination));
  const isGood = remembered !== undefined && remembered.expiresAt > app.now();
  const known = isGood ? remembered : await stored(app, destination); // another isolate may have a newer one
  if (known) return `Bearer ${known.token}`;

  const asking = app.asking.get(id) ?? ask(app, destination, auth, secret ?? "").finally(() => app.asking.delete(id));
  app.asking.set(id, asking);
  return `Bearer ${await asking}`;
}

async function ask(app: App, destination: Destination, auth: OAuth2, secret: string): Promise<string> {
  await checkAddress(app, auth.tokenUrl);
  const fetched = await fetchToken(app.fetch, auth, secret, app.now, tokenTimeoutMs);
  app.tokens.set(keyOf(destination), fetched);
  const saving = app.seal.sealText(fetched.token).then((sealed) => saveToken(app.db, destination.id, sealed, fetched.expiresAt));
  await saving.catch((error) => console.warn("authorize: a token was not kept for others", destination.id, String(error)));
  return fetched.token;
}

/**
 * Forgets a token that belongs to former settings, or that the far side `refused` (an Authorization header): unless another attempt
 * has got a new one since.
 */
export async function forgetToken(app: App, destination: Destination, refused?: string): Promise<void> {
  const known = app.tokens.get(keyOf(destination));
  if (refused !== undefined && known && refused !== `Bearer ${known.token}`) return;
  app.tokens.delete(keyOf(destination));
  await dropToken(app.db, destination.id);
}

async function stored(app: App, destination: Destination) {
  const found = await findToken(app.db, destination.id, app.now());
  const token = found && (await app.seal.openText(found.sealed).catch(() => null)); // sealed under a key that is gone: a new one is asked for
  if (!found || !token) return null;
  const known = { token, expiresAt: found.expiresAt };
  app.tokens.set(keyOf(destination), known);
  return known;
}

/** Settings that were changed want a token of their own. */
function keyOf({ id, updatedAt }: Destination): string {
  return `${id}@${updatedAt}`;
}
