import type { Secrets } from "../domain/destination.ts";

/** Encrypts and decrypts what destinations have to hide: AES-256-GCM under the Worker secret ENCRYPTION_KEY. */
export interface Seal {
  seal(secrets: Secrets): Promise<string>;
  open(sealed: string): Promise<Secrets>;
}

/** A seal with a key of 32 bytes. Sealed text is `v1.<iv>.<ciphertext>` in base64url; opening with another key throws. */
export function newSeal(keyBytes: Uint8Array): Seal {
  const importing = () => crypto.subtle.importKey("raw", keyBytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  let key: CryptoKey | undefined;
  return {
    async seal(secrets) {
      key ??= await importing();
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const plain = new TextEncoder().encode(JSON.stringify(secrets));
      const cipher = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain);
      return ["v1", text(iv), text(new Uint8Array(cipher))].join(".");
    },
    async open(sealed) {
      key ??= await importing();
      const [version, iv = "", cipher = ""] = sealed.split(".");
      if (version !== "v1") throw new Error("This destination's secrets are sealed in a way that this version cannot read.");
      const plain = await crypto.subtle.decrypt(
        { name: "AES-GCM", iv: Buffer.from(iv, "base64url") },
        key,
        Buffer.from(cipher, "base64url"),
      );
      return JSON.parse(new TextDecoder().decode(plain)) as Secrets;
    },
  };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
