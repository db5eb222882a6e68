/** As much of a body as there is room for, in bytes; what comes after that is not read. */
export async function beginningOf(
  stream: ReadableStream<Uint8Array> | null,
  room: number,
): Promise<{ bytes: Uint8Array; truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream?.getReader();
  while (reader && size <= room) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.byteLength;
  }
  if (size > room) await reader?.cancel().catch(() => {});
  return { bytes: new Uint8Array(Buffer.concat(chunks).subarray(0, room)), truncated: size > room };
}
