import type { Auth } from "../domain/destination.ts";
import { Problem } from "../domain/problem.ts";
import { day, type Instant, minute, second } from "../domain/time.ts";
import { version } from "../domain/version.ts";

type OAuth2 = Extract<Auth, { type: "oauth2" }>;

/** An access token; from `expiresAt` on it should not be used. */
export interface AccessToken {
  token: string;
  expiresAt: Instant;
}

/** No access token came. The message is for operators and holds no secret; `status` is that of the answer, null when there was none. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/**
 * The value of `authorization` for basic (RFC 7617, UTF-8) and bearer (RFC 6750); null for the other types, and without a secret.
 * Throws `invalid_input` for what cannot stand in the header, without the secret in it: workerd would log such a header.
 */
export function authorizationOf(auth: Auth, secret: string | null): string | null {
  if (secret === null) return null;
  switch (auth.type) {
    case "basic":
      if (auth.username.includes(":")) throw refuse("auth.username", "holds a colon, which ends a user name (RFC 7617)");
      if (control.test(auth.username)) throw refuse("auth.username", "holds a line break or another control character");
      if (control.test(secret)) throw refuse("auth.secret", "holds a line break or another control character");
      return basic(`${auth.username}:${secret}`.normalize("NFC"));
    case "bearer":
      if (!isBearer(secret)) throw refuse("auth.secret", "holds a blank, a line break or a letter outside of ASCII, which no token has");
      return `Bearer ${secret}`;
    case "none":
    case "oauth2":
      return null;
  }
}

/**
 * Asks for an access token by the client credentials grant (RFC 6749 §4.4). Its end is put 60 s early, or a tenth of its life where that
 * is less; without `expires_in` it is taken to live for 5 min, and never for more than a day. Whether `tokenUrl` may be called at all is
 * for `checkTarget`. Throws `TokenRefused`.
 */
export async function fetchToken(
  fetcher: typeof fetch,
  auth: OAuth2,
  secret: string,
  now: () => Instant,
  timeoutMs: number,
): Promise<AccessToken> {
  const askedAt = now();
  const { status, text } = await ask(fetcher, auth, secret, timeoutMs);
  const answer = fieldsIn(text);
  const { error, access_token: token, token_type: type = "Bearer", expires_in: expiresIn } = answer ?? {};
  const refused = (words: string) => new TokenRefused(`${endpointOf(auth)} ${words}.`, status);

  if (status >= 300 && status < 400) throw refused(`answered ${status}: redirects are not followed, so give the address that it leads to`);
  if (typeof error === "string") throw refused(`answered ${status}${meaningOf(error)}`);
  if (status < 200 || status > 299) throw refused(`answered ${status} and no token`);
  if (text === null) throw refused("sent more than 64 KB, which is no token");
  if (answer === null) throw refused("sent something other than JSON; is the token URL right?");
  if (typeof token !== "string" || !isBearer(token)) throw refused("sent no access_token that could be used");
  if (String(type).toLowerCase() !== "bearer") throw refused("sent a token of another type than Bearer");
  return { token, expiresAt: askedAt + usableMs(expiresIn) };
}

/** What the errors of RFC 6749 §5.2 (and `access_denied`, which some servers use) mean here. No other text of the answer is repeated: it may hold what was sent. */
const meanings: Record<string, string> = {
  invalid_request: "the request lacks something, perhaps a scope or an audience",
  invalid_client: "the client id or the client secret is wrong, or they have to be sent the other way (basic or body)",
  invalid_grant: "the client credentials are not valid any more",
  unauthorized_client: "this client may not use client credentials",
  unsupported_grant_type: "it gives no tokens for client credentials",
  invalid_scope: "the scope is unknown, or not for this client",
  access_denied: "this client has no access, perhaps not to this audience",
};

function meaningOf(error: string): string {
  return Object.hasOwn(meanings, error) ? ` ${error}: ${meanings[error]}` : " with an error and no token";
}

/** Status and text of the answer; the text is null when it is longer than 64 KB. */
async function ask(
  fetcher: typeof fetch,
  auth: OAuth2,
  secret: string,
  timeoutMs: number,
): Promise<{ status: number; text: string | null }> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetcher(auth.tokenUrl, { method: "POST", ...requestOf(auth, secret), redirect: "manual", signal });
    return { status: response.status, text: await textOf(response) };
  } catch {
    // What fetch says of its failure may hold the URL with its query.
    const words = signal.aborted ? `did not answer within ${timeoutMs / second} s` : "could not be reached";
    throw new TokenRefused(`${endpointOf(auth)} ${words}.`, null);
  }
}

function requestOf(auth: OAuth2, secret: string): { headers: Record<string, string>; body: string } {
  const inBody = auth.clientAuth === "body";
  const fields = {
    grant_type: "client_credentials",
    ...(auth.scope ? { scope: auth.scope } : {}),
    ...(auth.audience ? { audience: auth.audience } : {}),
    ...(inBody ? { client_id: auth.clientId, client_secret: secret } : {}),
  };
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    accept: "application/json",
    "user-agent": `Postback-Edge/${version}`,
    ...(inBody ? {} : { authorization: basic(`${formEncoded(auth.clientId)}:${formEncoded(secret)}`) }),
  };
  return { headers, body: new URLSearchParams(fields).toString() };
}

/** As RFC 6749 §2.3.1 wants it: a colon in an id, or a letter outside of ASCII, is then no question. */
function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

const largestAnswer = 64 * 1024;

async function textOf(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > largestAnswer) return null;
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function fieldsIn(text: string | null): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function usableMs(expiresIn: unknown): number {
  const seconds = typeof expiresIn === "string" ? Number(expiresIn) : expiresIn;
  const life = typeof seconds === "number" && seconds > 0 ? Math.min(seconds * second, day) : 5 * minute;
  return Math.floor(life - Math.min(minute, life / 10));
}

function endpointOf({ tokenUrl }: OAuth2): string {
  return `The token endpoint ${URL.canParse(tokenUrl) ? new URL(tokenUrl).host : "(its address is no URL)"}`;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const control = /[\x00-\x1f\x7f]/;

/** Visible ASCII: more than the b64token of RFC 6750, since tokens like `12|abc` are in use. */
function isBearer(token: string): boolean {
  return /^[\x21-\x7e]+$/.test(token);
}

function basic(pair: string): string {
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function refuse(field: string, reason: string): Problem {
  return new Problem("invalid_input", `${field} ${reason}. Correct it and save the destination again.`, [{ field, reason }]);
}
