/** What D1 gives back for a column. */
export type Cell = string | number | null | ArrayBuffer | number[];
export type Row = Record<string, Cell>;

/** D1 binds JavaScript numbers as doubles, so micros cross its border as text: `cast(? as integer)` in, `cast(x as text)` out. */
export function microsIn(micros: bigint | null): string | null {
  return micros === null ? null : micros.toString();
}

export function microsOut(cell: Cell | undefined): bigint | null {
  return cell === null || cell === undefined ? null : BigInt(cell as string);
}

export function textOf(row: Row, column: string): string {
  return row[column] as string;
}

export function numberOf(row: Row, column: string): number {
  return row[column] as number;
}

export function jsonOf<T>(row: Row, column: string): T {
  return JSON.parse(row[column] as string) as T;
}

/** A blob as bytes: D1 hands blobs out as plain arrays of numbers. */
export function bytesOf(row: Row, column: string): Uint8Array {
  return new Uint8Array(row[column] as number[] | ArrayBuffer);
}
