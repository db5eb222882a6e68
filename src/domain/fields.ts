/** Decoded text by name: impact's own spelling for what we know (`SubId1`), the sender's for the rest. Never empty strings. */
export type Fields = Record<string, string>;

/** Something odd that did not stand in the way; kept with the event and shown to the operator. */
export interface Warning {
  code: WarningCode;
  field?: string;
  detail: string;
}

export type WarningCode =
  | "address_not_listed"
  | "assumed_utc"
  | "invalid_text"
  | "job_is_fetched"
  | "no_subject"
  | "repaired_json"
  | "repaired_offset"
  | "repeated_key"
  | "secret_removed"
  | "unresolved_macro";
