import { createHash } from "node:crypto";
import type { Secrets, SigningKey } from "../domain/destination.ts";

/** Encrypts and decrypts what destinations have to hide. What one version of it sealed, all later ones open. */
export interface Seal {
  /** The id of the key that seals now: the first 8 hex characters of its SHA-256. */
  readonly keyId: string;
  seal(secrets: Secrets): Promise<string>;
  /** Throws `SealedElsewhere` and `SealBroken`. */
  open(sealed: string): Promise<Secrets>;
  /** For an access token. */
  sealText(text: string): Promise<string>;
  /** Throws `SealedElsewhere` and `SealBroken`. */
  openText(sealed: string): Promise<string>;
  /** Whether it is sealed in today's way, with the key that seals now. */
  isCurrent(sealed: string): boolean;
}

/** It was sealed with a key that is not here. `wanted` is the id of that key, null where the text is too old to name it. */
export class SealedElsewhere extends Error {
  override readonly name = "SealedElsewhere";
  readonly wanted: string | null;
  readonly present: string[];

  constructor(wanted: string | null, present: string[]) {
    const key = wanted === null ? "an encryption key that is not here, or damaged" : `the encryption key ${wanted}, which is not here`;
    super(
      `These secrets are sealed with ${key} (here: ${present.join(", ")}). Set that key as ENCRYPTION_KEY and the present one as ` +
        "NEXT_ENCRYPTION_KEY, or give the destination new secrets.",
    );
    this.wanted = wanted;
    this.present = present;
  }
}

/** It is not what was once sealed. */
export class SealBroken extends Error {
  override readonly name = "SealBroken";

  constructor() {
    super("These secrets are damaged: changed, cut off, or not sealed by Postback Edge. Give the destination new secrets.");
  }
}

/**
 * AES-256-GCM under ENCRYPTION_KEY and, while that is being changed, NEXT_ENCRYPTION_KEY, of 32 bytes each. Seals with the next one where
 * there is one, and opens with whichever fits. Sealed text is `v2.<key id>.<iv>.<ciphertext>`, the last two in base64url, with the key id
 * as additional data; `v1.<iv>.<ciphertext>` (0.1.0) is opened too.
 */
export function newSeal(keyBytes: Uint8Array, nextKeyBytes: Uint8Array | null = null): Seal {
  const keys = [keyBytes, ...(nextKeyBytes ? [nextKeyBytes] : [])].map(newKey);
  const sealing = keys.at(-1) as Key;
  return {
    keyId: sealing.id,
    seal: (secrets) => sealWith(sealing, JSON.stringify(secrets)),
    open: async (sealed) => secretsOf(await openWith(keys, sealed)),
    sealText: (text) => sealWith(sealing, text),
    openText: (sealed) => openWith(keys, sealed),
    isCurrent: (sealed) => sealed.startsWith(`v2.${sealing.id}.`),
  };
}

interface Key {
  id: string;
  cipher(): Promise<CryptoKey>;
}

function newKey(bytes: Uint8Array): Key {
  let imported: Promise<CryptoKey> | undefined;
  return {
    id: createHash("sha256").update(bytes).digest("hex").slice(0, 8),
    cipher() {
      imported ??= crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
      return imported;
    },
  };
}

async function sealWith(key: Key, plain: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const way = { name: "AES-GCM", iv, additionalData: Buffer.from(key.id) };
  const cipher = await crypto.subtle.encrypt(way, await key.cipher(), new TextEncoder().encode(plain));
  return ["v2", key.id, base64url(iv), base64url(new Uint8Array(cipher))].join(".");
}

const shape = /^(?:v1|v2\.([0-9a-f]{8}))\.([\w-]+)\.([\w-]+)$/;

async function openWith(keys: Key[], sealed: string): Promise<string> {
  const [, wanted = null, iv = "", text = ""] = shape.exec(sealed) ?? [];
  if (!isWhole(iv) || !isWhole(text)) throw new SealBroken();
  const fitting = keys.filter(({ id }) => wanted === null || id === wanted);
  const way = { name: "AES-GCM", iv: Buffer.from(iv, "base64url"), ...(wanted === null ? {} : { additionalData: Buffer.from(wanted) }) };
  for (const key of fitting) {
    const plain = await crypto.subtle.decrypt(way, await key.cipher(), Buffer.from(text, "base64url")).catch(() => null);
    if (plain !== null) return new TextDecoder().decode(plain);
  }
  const present = keys.map(({ id }) => id);
  throw wanted !== null && fitting.length > 0 ? new SealBroken() : new SealedElsewhere(wanted, present);
}

/** Whether it is base64url as we write it: more than one spelling would decode to the same bytes. */
function isWhole(encoded: string): boolean {
  return encoded !== "" && base64url(Buffer.from(encoded, "base64url")) === encoded;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

/** As it may be stored: version 0.1.0 knew signing keys as plain texts, and no values and no authentication. */
interface StoredSecrets extends Partial<Omit<Secrets, "signing">> {
  signing?: (string | SigningKey)[];
}

function secretsOf(plain: string): Secrets {
  const { signing = [], headers = {}, values = {}, auth = null } = parse(plain);
  const keys = signing.map((key) => (typeof key === "string" ? { key, createdAt: 0, until: null } : key));
  return { signing: keys, headers, values, auth };
}

/** The error of `JSON.parse` quotes what it could not read. */
function parse(plain: string): StoredSecrets {
  try {
    return JSON.parse(plain) as StoredSecrets;
  } catch {
    throw new SealBroken();
  }
}
