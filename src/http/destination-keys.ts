import * as z from "zod";
import { signatureVersions } from "../domain/destination.ts";
import { second } from "../domain/time.ts";
import { checkSigningKey, grace, newSigningKey, rotated, versionOf } from "../forward/keys.ts";
import { resealDestination } from "../store/destinations.ts";
import { openSecrets } from "./destination-changes.ts";
import { viewDestination, viewKeys } from "./destination-view.ts";
import { findDestination, save } from "./destinations.ts";
import { endpoint } from "./endpoint.ts";

export const rotateKey = endpoint({
  summary: "Give a destination a new signing key, told this once; the earlier ones of its version sign too until their grace time is over",
  body: z.strictObject({
    version: z.enum(signatureVersions).default("v1"),
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
    const key = body.key === undefined ? newSigningKey(body.version) : checkSigningKey(body.key);
    const now = app.now();
    const after = { ...secrets, signing: rotated(secrets.signing, key, now, body.grace * second) };
    const saved = await save(app, { ...before, updatedAt: now }, after);
    return { body: { ...viewDestination(saved), ...viewKeys(after, [key]), rotated: versionOf(key) } };
  },
});

/** How many are sealed anew in one request. */
const handful = 50;

export const reencrypt = endpoint({
  summary: "Seal destinations' secrets anew, with NEXT_ENCRYPTION_KEY where that is set; call it until none is left",
  run: async ({ app }) => {
    const { destinations } = await app.catalog.anew(app.db);
    const old = destinations.filter(({ sealed }) => sealed !== "" && !app.seal.isCurrent(sealed));
    for (const destination of old.slice(0, handful)) {
      const sealed = await app.seal.seal(await openSecrets(app, destination));
      await resealDestination(app.db, destination.id, sealed, destination.sealed);
    }
    app.catalog.forget();
    return { body: { resealed: Math.min(old.length, handful), left: Math.max(0, old.length - handful) } };
  },
});
