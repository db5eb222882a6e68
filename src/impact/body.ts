/** A body was larger than it may be; the rest of it was not read. */
export class TooLarge extends Error {
  override readonly name = "TooLarge";
}

/** The body as text, counted as it comes. Throws `TooLarge`, and what the connection throws when it breaks off. */
export async function textOf(response: Response, sizeLimit: number): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let size = 0;
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > sizeLimit) {
      reader.cancel().catch(() => null); // not waited for: the far side may be deaf
      throw new TooLarge(`impact.com's answer is larger than ${sizeLimit / 1024 / 1024} MB`);
    }
    parts.push(decoder.decode(value, { stream: true }));
  }
  return parts.join("") + decoder.decode();
}
