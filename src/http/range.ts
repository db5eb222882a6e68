/** A part of a file, in bytes. */
export interface Part {
  offset: number;
  length: number;
}

/**
 * What of a file of `size` bytes is asked for: one range by RFC 9110 §14. Null for the whole of it, which is the answer to several
 * ranges and to what cannot be read, too; `unsatisfiable` when it lies behind the end.
 */
export function partOf(range: string | null, size: number): Part | "unsatisfiable" | null {
  const [, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? "") ?? [];
  if (first === "" && last === "") return null;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return null;
  if (offset >= size) return "unsatisfiable";
  const end = last === "" ? size - 1 : Math.min(Number(last), size - 1);
  return { offset, length: end - offset + 1 };
}
