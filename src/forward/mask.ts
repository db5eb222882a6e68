/** Stands for a secret wherever one would be told; sent back by an operator, it means: as it was. */
export const hidden = "[hidden]";

/** Shorter ones would hide half of every text, and are no secrets. */
const shortestSecret = 6;

/** Hides each of these secrets in a text, also as a URL, JSON, XML or base64 spell it, and the beginning of one where the text was cut off. */
export function maskWith(secrets: string[]): (text: string) => string {
  const spellings = secrets
    .filter((secret) => secret.length >= shortestSecret)
    .flatMap((secret) => [
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret).slice(1, -1),
      secret.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
      secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
      Buffer.from(secret).toString("base64"),
    ])
    .sort((a, b) => b.length - a.length);
  return (text) => spellings.reduce((masked, spelling) => withoutBeginning(masked.replaceAll(spelling, hidden), spelling), text);
}

function withoutBeginning(text: string, secret: string): string {
  for (let length = Math.min(secret.length, text.length); length >= shortestSecret; length--)
    if (text.endsWith(secret.slice(0, length))) return text.slice(0, -length) + hidden;
  return text;
}
