import { afterEach, describe, expect, test, vi } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { respond, respondError, respondProblem } from "../../src/http/respond.ts";
import { answer } from "../../src/http/router.ts";
import { newApp, origin } from "../kit.ts";
import { asOperator } from "./ask.ts";

afterEach(() => vi.restoreAllMocks());

/** What went to the log while `work` ran. */
async function logged(work: () => unknown): Promise<string> {
  const spies = (["error", "warn", "info", "log"] as const).map((level) => vi.spyOn(console, level).mockImplementation(() => {}));
  await work();
  return spies.flatMap(({ mock }) => mock.calls.flat()).join(" ");
}

describe("an answer", () => {
  test("is JSON with 200 unless said", async () => {
    const response = respond({ body: { a: 1 } });
    expect([response.status, response.headers.get("content-type"), await response.json()]).toEqual([200, "application/json", { a: 1 }]);
  });

  test("of nothing has no body and no type", async () => {
    const response = respond({ status: 204, body: null });
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([204, null, ""]);
  });
});

describe("a problem", () => {
  test("is problem+json with status, code, detail and its mistakes", async () => {
    const mistakes = [{ field: "filter", reason: "is bad", line: 2, column: 3 }];
    const response = respondProblem(new Problem("invalid_input", "The filter is bad.", mistakes));
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toEqual({
      type: "urn:postback-edge:problem:invalid_input",
      title: "The input is not valid",
      status: 422,
      code: "invalid_input",
      detail: "The filter is bad.",
      errors: mistakes,
    });
  });

  test("carries its own headers, and those of the call", () => {
    const { headers } = respondProblem(new Problem("unavailable", "later", [], { "retry-after": "30" }), { "x-event-id": "evt_1" });
    expect([headers.get("retry-after"), headers.get("x-event-id")]).toEqual(["30", "evt_1"]);
  });
});

const asked = new Request(`${origin}/events`);

describe("whatever else is thrown", () => {
  const secret = "https://edge.example/in/s3cret-token/action-lifecycle?key=v4lue";
  const error = new Error(`D1_ERROR: no such column: payout in "select payout from events" at ${secret}`);

  test("is a 500 without a word of it", async () => {
    const spied = vi.spyOn(console, "error").mockImplementation(() => {});
    const response = respondError(error, asked, null);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toMatch(/D1_ERROR|select|payout|s3cret|stack|\.ts/);
    expect(spied).toHaveBeenCalled();
  });

  test("is logged, once", async () => expect(await logged(() => respondError(error, asked, null))).toMatch(/no such column/));

  test("is logged without any URL, since a URL may hold a token", async () => {
    expect(await logged(() => respondError(error, asked, null))).not.toMatch(/s3cret|v4lue/);
  });

  test.each([["a text"], [null], [undefined], [{ message: "an object" }]])("is a 500 though it is no Error (%j)", async (thrown) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(respondError(thrown, asked, null).status).toBe(500);
  });

  test("by D1 under an operator's question is a 500 without SQL", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const db = { prepare: () => Promise.reject(), batch: () => Promise.reject(new Error("D1_ERROR: near SELECT: syntax error")) };
    const broken = { ...db, prepare: () => ({ bind: () => ({}) }) } as unknown as D1Database;
    const response = await answer(new Request(`${origin}/events`, { headers: asOperator }), () => newApp({ db: broken }));
    expect(response.status).toBe(500);
    expect(await response.json()).toEqual({
      type: "urn:postback-edge:problem:internal",
      title: "Something went wrong on our side",
      status: 500,
      code: "internal",
      detail: expect.any(String),
    });
  });
});
