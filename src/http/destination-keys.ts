import * as z from "zod";
import type { App } from "../app.ts";
import { signatureVersions } from "../domain/destination.ts";
import { Problem } from "../domain/problem.ts";
import { second } from "../domain/time.ts";
import { checkSigningKey, grace, newSigningKey, rotated, versionOf } from "../forward/keys.ts";
import { listConnections, resealConnection } from "../store/connections.ts";
import { resealDestination } from "../store/destinations.ts";
import { SealBroken, SealedElsewhere } from "../store/seal.ts";
import { openSecrets } from "./destination-changes.ts";
import { toDestination } from "./destination-pages.ts";
import { viewDestination, viewKeys } from "./destination-view.ts";
import { findDestination, save } from "./destinations.ts";
import { endpoint } from "./endpoint.ts";

export const rotateKey = endpoint({
  summary: "Give a destination a new signing key, told this once; the earlier ones of its version sign too until their grace time is over",
  body: z.strictObject({
    version: z
      .enum(signatureVersions)
      .optional()
      .describe("That of the new key; v1 unless said, or unless the key of your own is another."),
    grace: z
      .number()
      .int()
      .min(0)
      .max(grace.longest / second)
      .default(grace.usual / second)
      .describe("Seconds; 0 ends the earlier keys at once."),
    key: z.string().optional().describe("A key of your own: whsec_…, whsk_… or base64; else one is made."),
  }),
  run: async ({ app, params, body }) => {
    const before = await findDestination(app, params["id"]);
    const secrets = await openSecrets(app, before);
    const key = body.key === undefined ? newSigningKey(body.version ?? "v1") : checkSigningKey(body.key);
    if (versionOf(key) !== (body.version ?? versionOf(key))) {
      const reason = "is not that of the key; a v1a key begins with whsk_, and all others are v1";
      throw new Problem("invalid_input", `version ${reason}.`, [{ field: "version", reason }]);
    }
    const now = app.now();
    const after = { ...secrets, signing: rotated(secrets.signing, key, now, body.grace * second) };
    const saved = await save(app, before, after, before);
    return { body: { ...viewDestination(saved), ...viewKeys(after, [key]), rotated: versionOf(key) } };
  },
  form: (fields) => ({ version: fields.text("version"), grace: fields.number("grace") }),
  next: (shown) => toDestination(shown, shown.answer, "There is a new signing key."),
});

/** How many are sealed anew in one request. */
const handful = 50;

export const reencrypt = endpoint({
  summary:
    "Seal destinations' secrets and sources' credentials anew, with NEXT_ENCRYPTION_KEY where that is set; call it until none is left. What no key here opens is left, and named",
  run: async ({ app }) => {
    const old = (await sealedThings(app)).filter(({ sealed }) => sealed !== "" && !app.seal.isCurrent(sealed));
    const unreadable: string[] = [];
    let resealed = 0;
    for (const { id, renew } of old) {
      if (resealed === handful) break;
      const isRenewed = await renew().then(() => true, notOpened);
      if (isRenewed) resealed++;
      else unreadable.push(id);
    }
    app.catalog.forget();
    return { body: { key: app.seal.keyId, resealed, left: old.length - resealed, unreadable } };
  },
});

/** Something that is sealed, by the id of what has it. */
interface Sealed {
  id: string;
  sealed: string;
  /** Throws what `app.seal` throws. */
  renew(): Promise<void>;
}

async function sealedThings(app: App): Promise<Sealed[]> {
  const { destinations } = await app.catalog.anew(app.db);
  return [
    ...destinations.map(({ id, sealed }) => ({
      id,
      sealed,
      renew: async () => await resealDestination(app.db, id, await app.seal.seal(await app.seal.open(sealed)), sealed),
    })),
    ...(await listConnections(app.db)).map(({ sourceId, sealed }) => ({
      id: sourceId,
      sealed,
      renew: async () => await resealConnection(app.db, sourceId, await app.seal.sealText(await app.seal.openText(sealed)), sealed),
    })),
  ];
}

/** One that cannot be opened must not keep all others under their old key. */
function notOpened(error: unknown): false {
  if (error instanceof SealedElsewhere || error instanceof SealBroken) return false;
  throw error;
}
