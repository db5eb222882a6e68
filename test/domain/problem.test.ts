import { expect, test } from "vitest";
import { Problem, type ProblemCode } from "../../src/domain/problem.ts";

const statuses: Record<ProblemCode, number> = {
  undecodable: 400,
  unauthorized: 401,
  address_refused: 403,
  cross_origin: 403,
  header_refused: 403,
  not_found: 404,
  unknown_kind: 404,
  method_not_allowed: 405,
  conflict: 409,
  gone: 410,
  too_large: 413,
  invalid: 422,
  invalid_input: 422,
  internal: 500,
  unavailable: 503,
};

test.each(Object.entries(statuses) as [ProblemCode, number][])("%s is answered %i", (code, status) => {
  expect(new Problem(code, "why").status).toBe(status);
});

test("is written as RFC 9457 has it, with its code", () => {
  expect(JSON.parse(JSON.stringify(new Problem("not_found", "There is no such event.")))).toEqual({
    type: "urn:postback-edge:problem:not_found",
    title: "Not found",
    status: 404,
    code: "not_found",
    detail: "There is no such event.",
  });
});

test("names every mistake, with its place where it has one", () => {
  const mistakes = [
    { field: "Payout", reason: "is no number" },
    { field: "filter", reason: "unexpected )", line: 1, column: 7 },
  ];
  expect(new Problem("invalid_input", "Two mistakes.", mistakes).toJSON()).toHaveProperty("errors", mistakes);
});

test("has a title for people for every code", () => {
  const titles = (Object.keys(statuses) as ProblemCode[]).map((code) => new Problem(code, "why").toJSON().title);
  expect(titles.filter((title) => title.length < 5)).toEqual([]);
});

test("keeps the headers that its answer must carry, out of its body", () => {
  const problem = new Problem("unavailable", "Come again.", [], { "retry-after": "30" });
  expect(problem.headers).toEqual({ "retry-after": "30" });
  expect(problem.toJSON()).not.toHaveProperty("headers");
});
