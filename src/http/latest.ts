import type { Instant } from "../domain/time.ts";

/** The one that was made last; undefined of none. */
export function latest<One extends { createdAt: Instant }>(list: One[]): One | undefined {
  return [...list].sort((one, other) => other.createdAt - one.createdAt)[0];
}
