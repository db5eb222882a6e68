/** A request that is refused, as the API itself says it: `{"Status":"ERROR","Message":…,"Errors":[{"Field","Message"}]}`. */
export class Refusal extends Error {
  readonly status: number;
  readonly errors: { Field: string; Message: string }[];

  constructor(status: number, message: string, errors: { Field: string; Message: string }[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** A field that does not pass: 400 "Validation Failed". */
export function invalid(field: string, message: string): Refusal {
  return new Refusal(400, "Validation Failed", [{ Field: field, Message: message }]);
}
