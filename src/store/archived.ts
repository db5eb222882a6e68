import type { Row } from "./rows.ts";

/** The tables whose rows go into the archive, with their columns: all but the number that SQLite gives a row. */
export const archived = {
  events: columns(
    `id source_id origin kind type subject fingerprint action_id status is_test received_at occurred_at currency
     fields nested warnings method query headers ip`,
    { micros: "payout delta_payout amount delta_amount", bytes: "body" },
  ),
  deliveries: columns(
    `event_id destination_id state attempts attempts_before next_at ring_at reason created_at updated_at action version leased_until
     recovery_id`,
  ),
  attempts: columns(
    `event_id destination_id number at delivered status reason latency_ms response_headers response_body request_headers next_at`,
  ),
  quarantine: columns("id source_id kind received_at code detail mistakes method query headers ip truncated resolved_at event_id", {
    bytes: "body",
  }),
};

export type Archived = keyof typeof archived;

/** One line of the archive: an event with its deliveries and their attempts, or a call in quarantine; rows as `schema.sql` has them. */
export type Line = { [table in Archived]?: Row[] };

interface Columns {
  names: string[];
  /** What to select of the table, for rows that JSON can hold: micros as text, bytes as hex. */
  out: string;
  /** What to select of json_each's `value`, for the same rows again. */
  in: string;
}

function columns(plain: string, { micros = "", bytes = "" } = {}): Columns {
  const [texts, amounts, blobs] = [namesIn(plain), namesIn(micros), namesIn(bytes)];
  const out = [...texts, ...amounts.map((name) => `cast(${name} as text) as ${name}`), ...blobs.map((name) => `hex(${name}) as ${name}`)];
  const back = [
    ...texts.map((name) => (name === "origin" ? "coalesce(value ->> 'origin', 'postback')" : `value ->> '${name}'`)),
    ...amounts.map((name) => `cast(value ->> '${name}' as integer)`),
    ...blobs.map((name) => `unhex(value ->> '${name}')`),
  ];
  return { names: [...texts, ...amounts, ...blobs], out: out.join(", "), in: back.join(", ") };
}

function namesIn(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
