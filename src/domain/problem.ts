/** Every mistake a caller can make, with its HTTP status and title: the one table. */
const problems = {
  undecodable: [400, "The body could not be read"],
  unauthorized: [401, "Not authorized"],
  address_refused: [403, "This address may not call"],
  cross_origin: [403, "This did not come from our own pages"],
  header_refused: [403, "The required header is missing or wrong"],
  not_found: [404, "Not found"],
  unknown_kind: [404, "Unknown kind of postback"],
  method_not_allowed: [405, "Method not allowed"],
  conflict: [409, "In conflict with what exists"],
  gone: [410, "Not there any more"],
  too_large: [413, "Too large"],
  invalid: [422, "The postback is not valid"],
  invalid_input: [422, "The input is not valid"],
  internal: [500, "Something went wrong on our side"],
  unavailable: [503, "Not available right now"],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof problems;

/** One mistake in one field: which, why, and (for text with positions) where. Lines and columns count from 1. */
export interface Mistake {
  field: string;
  reason: string;
  line?: number;
  column?: number;
}

/** The caller's mistake. Thrown anywhere, rendered once as RFC 9457 problem+json. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: ProblemCode;
  readonly mistakes: Mistake[];
  readonly headers: Record<string, string>;

  constructor(code: ProblemCode, detail: string, mistakes: Mistake[] = [], headers: Record<string, string> = {}) {
    super(detail);
    this.code = code;
    this.mistakes = mistakes;
    this.headers = headers;
  }

  get status(): number {
    return problems[this.code][0];
  }

  /** The body of RFC 9457, with `code` and `errors` as extension members. */
  toJSON() {
    return {
      type: `urn:postback-edge:problem:${this.code}`,
      title: problems[this.code][1],
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.mistakes.length > 0 ? { errors: this.mistakes } : {}),
    };
  }
}
