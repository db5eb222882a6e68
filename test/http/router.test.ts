import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config.ts";
import { answer } from "../../src/http/router.ts";
import { call, newApp, newSource, operate, origin } from "../kit.ts";
import { asOperator, sendAccepted } from "./ask.ts";

describe("an address that does not exist", () => {
  test.each(["/nothing", "/sources/a/b/c", "/in", "/in/", "/events/a/deliveries", "/.env", "/%00", "//sources"])(
    "is 404: %s",
    async (path) => {
      const response = await call(origin + path, { headers: asOperator });
      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ code: "not_found" });
    },
  );

  test("is 404 for any method", async () => expect((await call("/nothing", { method: "DELETE" })).status).toBe(404));
});

describe("a method that an address does not answer", () => {
  test.each([
    ["DELETE", "/sources", "GET, HEAD, OPTIONS, POST"],
    ["POST", "/events", "GET, HEAD, OPTIONS"],
    ["PUT", "/destinations/x", "DELETE, GET, HEAD, OPTIONS, PATCH"],
    ["GET", "/sources/x/token", "OPTIONS, POST"],
    ["HEAD", "/sources/x/token", "OPTIONS, POST"],
    ["DELETE", "/in/x/action-lifecycle", "GET, HEAD, OPTIONS, POST"],
    ["POST", "/health", "GET, HEAD, OPTIONS"],
  ])("is 405, and says what it does answer: %s %s", async (method, path, allow) => {
    const response = await call(path, { method, headers: asOperator });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allow]);
  });

  test("is told in words too", async () => {
    const response = await call("/events", { method: "PUT", headers: asOperator, body: "{}" });
    expect(await response.json()).toMatchObject({ code: "method_not_allowed", detail: "This address answers GET, HEAD, OPTIONS." });
  });
});

describe("OPTIONS", () => {
  test.each([
    ["/sources/x", "GET, HEAD, OPTIONS, PATCH"],
    ["/quarantine/x/reingest", "OPTIONS, POST"],
    ["/in/x/action-lifecycle", "GET, HEAD, OPTIONS, POST"],
  ])("says without a token what %s answers", async (path, allow) => {
    const response = await call(path, { method: "OPTIONS" });
    expect([response.status, response.headers.get("allow"), await response.text()]).toEqual([204, allow, ""]);
  });
});

describe("HEAD", () => {
  test.each(["/sources", "/health", "/openapi.json"])("answers like GET, without a body: %s", async (path) => {
    const ask = async (method: string) => await answer(new Request(origin + path, { method, headers: asOperator }), () => newApp());
    const [get, head] = [await ask("GET"), await ask("HEAD")];
    expect([head.status, head.headers.get("content-type")]).toEqual([get.status, get.headers.get("content-type")]);
    expect(head.body).toBeNull();
  });

  test("of what is not there is 404, as GET is", async () => {
    const response = await call("/sources/src_nobody", { method: "HEAD", headers: asOperator });
    expect([response.status, await response.text()]).toEqual([404, ""]);
  });
});

describe("a part of an address", () => {
  test.each(["a/b", "50% off?", "ü 株", "a+b", "#1", "a%2Fb"])("may hold anything, percent-encoded: %s", async (actionId) => {
    const source = await newSource();
    await sendAccepted(source, { query: `action_id=${encodeURIComponent(actionId)}&status=PENDING` });
    expect((await operate(`/actions/${encodeURIComponent(actionId)}`)).body).toMatchObject({ action_id: actionId, state: "PENDING" });
  });

  test("that is badly percent-encoded is taken as it is, and is no failure", async () => {
    expect((await call("/actions/%ZZ%E0", { headers: asOperator })).status).toBe(404);
  });
});

test("a trailing slash makes no difference", async () => expect((await call("/sources/", { headers: asOperator })).status).toBe(200));

describe("every answer", () => {
  test.each(["/sources", "/nothing", "/health", "/events?limit=x"])("is never kept by a cache, and never sniffed: %s", async (path) => {
    const { headers } = await call(path, { headers: asOperator });
    expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual(["no-store", "nosniff"]);
  });
});

describe("a Worker with a wrong configuration", () => {
  const configured = () =>
    answer(new Request(`${origin}/in/token/action-lifecycle?a=b`), () => {
      throw new ConfigError("OPERATOR_TOKEN must have 16 characters or more");
    });

  test("asks the sender to come again, so that nothing is lost", async () => {
    const response = await configured();
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "60"]);
  });

  test("does not tell the world what is wrong with it", async () =>
    expect(await (await configured()).text()).not.toContain("OPERATOR_TOKEN"));
});

test("the front door tells what this is, and where to go on", async () => {
  const response = await call("/");
  expect(await response.json()).toMatchObject({ name: "Postback Edge", api: `${origin}/openapi.json` });
});
