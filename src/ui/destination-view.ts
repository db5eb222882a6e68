/** A destination, as our API tells it. */
export interface DestinationView {
  id: string;
  name: string;
  url: string;
  preset: string;
  method: string;
  body: string | null;
  filter: string;
  headers: Record<string, string>;
  secrets: Record<string, string>;
  auth: { type: string; [name: string]: unknown };
  via: string | null;
  timeout: number;
  retry_schedule: number[];
  rate_limit: { limit: number; period: string } | null;
  concurrency: number | null;
  ordered: boolean;
  once_per_action: boolean;
  state: string;
  state_reason: string | null;
  health: { failures_in_a_row: number; failing_since: string | null; breaker_open_until: string | null };
  created_at: string | null;
  updated_at: string | null;
}

/** A ready-made form of a request, as our API tells it. */
export interface PresetView {
  name: string;
  title: string;
  description: string;
  documentation: string | null;
  verified: boolean;
  method: string;
  exampleUrl: string;
  headers: Record<string, string>;
  query: string | null;
  body: string | null;
}

/** The secrets that a preset's templates name: `access_token` for `{{ secrets.access_token }}`. */
export function secretsOf({ query, body, headers }: PresetView): string[] {
  const templates = [query, body, ...Object.values(headers)].join("\n");
  return [...new Set([...templates.matchAll(/\bsecrets\.([a-z][a-z0-9_]*)/g)].map(([, name]) => name as string))];
}

/** The host of a URL: what comes after it may hold a key. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url;
}

const lengths: [seconds: number, unit: string][] = [
  [86_400, "d"],
  [3600, "h"],
  [60, "min"],
  [1, "s"],
];

/** Seconds as people write them, in the largest unit that leaves no rest: `5 s`, `30 min`, `20 h`. */
export function durationOf(seconds: number, between = " "): string {
  const [size, unit] = lengths.find(([size]) => seconds >= size && seconds % size === 0) ?? [1, "s"];
  return `${seconds / size}${between}${unit}`;
}
