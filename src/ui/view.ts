import type { Instant } from "../domain/time.ts";

/** What every page knows of the moment it is made in. */
export interface View {
  /** Where the reader is: the path, decoded. */
  path: string;
  /** The parameters in the URL, as given. */
  query: Record<string, string>;
  /** Where this Worker is reached: `https://postback-edge.example.workers.dev`. */
  origin: string;
  now: Instant;
  /** What the form before this page did; shown once. */
  said: string | null;
}
