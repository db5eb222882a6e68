import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { routes } from "../../src/http/routes.ts";
import { call } from "../kit.ts";
import { asOperator } from "./ask.ts";

const credentials: [what: string, headers: Record<string, string>][] = [
  ["no credentials", {}],
  ["a wrong token", { authorization: "Bearer operator-token-of-nobody-at-all" }],
  ["the beginning of the token", { authorization: `Bearer ${env.OPERATOR_TOKEN.slice(0, -1)}` }],
  ["the token and more", { authorization: `Bearer ${env.OPERATOR_TOKEN}x` }],
  ["another case of the token", { authorization: `Bearer ${env.OPERATOR_TOKEN.toUpperCase()}` }],
  ["another scheme", { authorization: `Basic ${btoa(`operator:${env.OPERATOR_TOKEN}`)}` }],
  ["the token without a scheme", { authorization: env.OPERATOR_TOKEN }],
  ["an empty token", { authorization: "Bearer " }],
  ["the token in a cookie", { cookie: `token=${env.OPERATOR_TOKEN}` }],
];

describe.each(credentials)("%s", (_what, headers) => {
  test("is answered 401 with the way in", async () => {
    const response = await call("/sources", { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
    expect(await response.json()).toMatchObject({ code: "unauthorized", status: 401 });
  });
});

test("the token in the query is answered 401", async () => {
  expect((await call(`/sources?token=${env.OPERATOR_TOKEN}&access_token=${env.OPERATOR_TOKEN}`)).status).toBe(401);
});

test.each(["Bearer", "bearer", "BEARER"])("the token after %s lets the operator in", async (scheme) => {
  expect((await call("/sources", { headers: { authorization: `${scheme} ${env.OPERATOR_TOKEN}` } })).status).toBe(200);
});

test("a 401 tells nothing of the token", async () => {
  const response = await call("/sources", { headers: { authorization: "Bearer x" } });
  expect(JSON.stringify([...response.headers]) + (await response.text())).not.toContain(env.OPERATOR_TOKEN);
});

const operated = routes.flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, endpoint]) => (endpoint.isOpen ? [] : [[method, path.replace(/:\w+\??/g, "x")] as const])),
);

test("there are operator routes to check", () => expect(operated.length).toBeGreaterThan(18));

test.each(operated)("%s %s refuses without a token, before it looks at anything else", async (method, path) => {
  const response = await call(path, { method, ...(method === "GET" ? {} : { body: "not even JSON" }) });
  expect(response.status).toBe(401);
});

test.each(operated)("%s %s knows the operator", async (method, path) => {
  const response = await call(path, { method, headers: asOperator, ...(method === "GET" ? {} : { body: "not even JSON" }) });
  expect(response.status).not.toBe(401);
});

test.each(["/in/x/action-lifecycle", "/health", "/openapi.json"])("%s wants no operator token", async (path) => {
  const response = await call(path);
  expect(response.headers.get("www-authenticate")).toBeNull();
});

test("HEAD of an operator's address refuses without a token", async () => {
  expect((await call("/sources", { method: "HEAD" })).status).toBe(401);
});
