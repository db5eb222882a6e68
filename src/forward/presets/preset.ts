import type { DestinationMethod } from "../../domain/destination.ts";

/** A ready-made form of a request: Liquid templates, all of which an operator could have written. */
export interface Preset {
  title: string;
  /** What it sends, what it needs, and how impact.com's states are told. */
  description: string;
  /** Where the far side says what it takes. */
  documentation: string | null;
  /** Did all that is used of it stand in that documentation? Where not, try it before you trust it. */
  verified: boolean;
  method: DestinationMethod;
  /** A URL to begin with. */
  exampleUrl: string;
  /** The body's content type; null when there is no body, or when it is not ours. */
  contentType: string | null;
  headers: Record<string, string>;
  /** Stands for the query of a URL that has none. */
  query: string | null;
  /** Null when there is none, or when it is no template. */
  body: string | null;
}
