import { describe, expect, test } from "vitest";
import * as z from "zod";
import { routes } from "../../src/http/routes.ts";
import { call, newDestination, newSource, operate, origin } from "../kit.ts";
import { send, sendRefused } from "./ask.ts";
import { useFarSide } from "./far.ts";

useFarSide();

const document = await call("/openapi.json").then(async (response) => (await response.json()) as any);
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item as object).map(([method, operation]) => ({ path, method, operation })),
);

/** All values under a key, anywhere in a document. */
function everywhere(key: string, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === key ? [inner] : everywhere(key, inner)));
}

describe("the document", () => {
  test("is OpenAPI 3.1, with a title, a version and where it is served", () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info).toMatchObject({ title: "Postback Edge", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(document.servers).toEqual([{ url: origin }]);
  });

  test("has every route and every method that the router knows, and no other", () => {
    const known = routes.flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { isPage }]) =>
        isPage ? [] : `${method.toLowerCase()} ${path.replace(/:(\w+)\??/g, "{$1}")}`,
      ),
    );
    expect(operations.map(({ path, method }) => `${method} ${path}`).sort()).toEqual(known.sort());
  });

  test("only refers to what is in it", () => {
    const references = everywhere("$ref", document) as string[];
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      const steps = reference.replace(/^#\//, "").split("/");
      const found = steps.reduce((value, step) => value?.[step.replaceAll("~1", "/").replaceAll("~0", "~")], document);
      expect(found, reference).toBeTypeOf("object");
    }
  });

  test("declares the query parameters of every list, of an action, and of a recovery", () => {
    const declared = operations.flatMap(({ path, operation }) => {
      const names = operation.parameters.flatMap((parameter: any) => (parameter.in === "query" ? [parameter.name] : []));
      return names.length > 0 ? [[path, names.sort().join(" ")]] : [];
    });
    expect(Object.fromEntries(declared)).toEqual({
      "/events": "action_id click_id cursor field kind limit order_id q since source status sub_id type until",
      "/actions":
        "action_tracker campaign currency cursor gaps limit promo_code shared_id since source stage state sub_id1 sub_id2 sub_id3 until",
      "/actions/{action_id}": "source",
      "/inquiries": "cursor limit source status",
      "/tracking-value-requests": "cursor limit source status",
      "/jobs": "cursor limit source status",
      "/jobs/{id}/download": "expires file signature",
      "/alerts": "cursor kind limit source state",
      "/capture": "since source until",
      "/gaps": "cursor limit reason reconciliation since source until",
      "/reconciliations": "cursor limit source state task",
      "/reports":
        "action_tracker by campaign convert_to currency cursor format limit order promo_code rates rates_date rates_source shared_id since source state sub_id1 sub_id2 sub_id3 time_zone until",
      "/audit": "cursor limit",
      "/sources": "cursor limit",
      "/destinations": "cursor limit",
      "/overview": "range",
      "/archive": "content cursor limit",
      "/archive/{day}": "content cursor limit",
      "/destinations/{id}/health": "days",
      "/deliveries": "cursor destination event limit state",
      "/quarantine": "code cursor limit resolved since source until",
      "/recoveries": "preview",
    });
  });

  test("does not require what has a default", () => {
    const schemas = everywhere("schema", document) as { properties?: Record<string, object>; required?: string[] }[];
    const withDefault = schemas.flatMap(({ properties = {}, required = [] }) =>
      Object.entries(properties).flatMap(([name, property]) => ("default" in property ? [[name, required.includes(name)]] : [])),
    );
    expect(withDefault.map(([name]) => name)).toEqual(expect.arrayContaining(["grace", "signatures", "payload", "states", "rate"]));
    expect(withDefault.filter(([, isRequired]) => isRequired)).toEqual([]);
  });

  test("refers to schemes of security that it declares", () => {
    for (const [scheme] of everywhere("security", document) as Record<string, unknown>[][]) {
      expect(Object.keys(document.components.securitySchemes)).toEqual(expect.arrayContaining(Object.keys(scheme ?? {})));
    }
  });

  test("can be read by anybody", async () => expect((await call("/openapi.json")).headers.get("content-type")).toBe("application/json"));
});

describe.each(operations)("$method $path", ({ path, operation }) => {
  test("declares each parameter of its path, once", () => {
    const wanted = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = operation.parameters.filter((parameter: any) => parameter.in === "path");
    expect(declared.map(({ name }: any) => name)).toEqual(wanted);
    expect(declared.every(({ required }: any) => required)).toBe(true);
  });

  test("has a summary and says how it may end", () => {
    expect(operation.summary).toMatch(/\w{3}/);
    expect(Object.keys(operation.responses)).toContain("default");
    for (const response of Object.values(operation.responses)) expect(response).toHaveProperty("description");
  });
});

test("what wants a token in the document wants one in truth, and nothing else does", async () => {
  for (const { path, method, operation } of operations) {
    const response = await call(path.replace(/\{\w+\}/g, "x"), { method: method.toUpperCase() });
    expect([path, method, response.headers.has("www-authenticate")]).toEqual([path, method, operation.security !== undefined]);
  }
});

/** Whether the document's schema takes an input; what JSON Schema cannot say (a filter, an address) is left out here. */
function takes(path: string, method: string, input: unknown): boolean {
  const { $schema, ...schema } = document.paths[path][method].requestBody.content["application/json"].schema;
  return z.fromJSONSchema(schema).safeParse(input).success;
}

const anything = (): unknown[] => [
  null,
  0,
  -1,
  1.5,
  15,
  200,
  299,
  300,
  1e9,
  true,
  "",
  "x",
  "x".repeat(5000),
  [],
  ["x"],
  [1],
  {},
  { a: 1 },
  "POST",
  "active",
  "partner",
  "off",
  422,
];

describe("an input schema of the document says just what is taken", () => {
  test("for each key of a source", async () => {
    const properties = Object.keys(document.paths["/sources"].post.requestBody.content["application/json"].schema.properties);
    expect(properties).toContain("dedupe_window");
    for (const key of [...properties, "colour"]) {
      for (const value of anything()) {
        const input = { name: crypto.randomUUID(), account: "partner", [key]: value };
        const { status, body } = await operate("/sources", input);
        const isBeyondSchema = status === 422 && /macro|CIDR|is empty/.test(body.detail);
        expect([key, value, isBeyondSchema || status === 201]).toEqual([key, value, takes("/sources", "post", input)]);
      }
    }
  });

  test("for each key of a destination", async () => {
    const properties = Object.keys(document.paths["/destinations"].post.requestBody.content["application/json"].schema.properties);
    expect(properties).toContain("retry_schedule");
    for (const key of [...properties, "colour"]) {
      for (const value of anything()) {
        const input = { name: crypto.randomUUID(), url: "https://far.example/", filter: "false", [key]: value };
        const { status, body } = await operate("/destinations", input);
        const isBeyondSchema = status === 422 && /^(The (URL|filter|body)|via names|secret: )/.test(body.detail);
        expect([key, value, isBeyondSchema || status === 201]).toEqual([key, value, takes("/destinations", "post", input)]);
      }
    }
  });

  test("for a change of a destination", async () => {
    const { id } = await newDestination({ filter: "false" });
    for (const key of ["timeout", "method", "headers", "retry_schedule", "colour"]) {
      for (const value of anything()) {
        const { status } = await operate(`/destinations/${id}`, { [key]: value }, "PATCH");
        expect([key, value, status === 200]).toEqual([key, value, takes("/destinations/{id}", "patch", { [key]: value })]);
      }
    }
  });

  test("for a rotation of a signing key", async () => {
    const { id } = await newDestination({ filter: "false" });
    for (const key of ["version", "grace", "key", "colour"]) {
      for (const value of [...anything(), "v1", "v1a", 604_800, 604_801]) {
        const { status, body } = await operate(`/destinations/${id}/secret`, { [key]: value });
        const isBeyondSchema = status === 422 && /^The signing key/.test(body.detail);
        expect([key, value, isBeyondSchema || status === 200]).toEqual([
          key,
          value,
          takes("/destinations/{id}/secret", "post", { [key]: value }),
        ]);
      }
    }
  });

  test("for each key of a preview and of a recovery", async () => {
    const { id } = await newDestination({ filter: "false" });
    for (const path of ["/destinations/preview", "/recoveries"]) {
      for (const key of [...Object.keys(document.paths[path].post.requestBody.content["application/json"].schema.properties), "colour"]) {
        for (const value of anything()) {
          const input = { destination: id, [key]: value };
          const { status, body } = await operate(path === "/recoveries" ? `${path}?preview` : path, input);
          const isBeyondSchema =
            status === 404 || (status === 422 && /^(The (URL|filter|body)|via names|since must|until must)/.test(body.detail));
          expect([path, key, value, isBeyondSchema || status === 200]).toEqual([path, key, value, takes(path, "post", input)]);
        }
      }
    }
  });

  test("for the payload of a retry", async () => {
    const known = (input: unknown) => takes("/deliveries/{id}/retry", "post", input);
    for (const input of [{}, ...["original", "rebuilt", ...anything()].map((payload) => ({ payload })), { colour: 1 }]) {
      const { body } = await operate("/deliveries/evt_x:dst_x/retry", input);
      expect([input, body.code !== "invalid_input"]).toEqual([input, known(input)]);
    }
  });

  test("for the grace of a rotation", async () => {
    const { id } = await newSource();
    const inputs = [{}, ...[...anything(), 604_800, 604_801].map((grace) => ({ grace }))];
    for (const input of inputs) {
      const { status } = await operate(`/sources/${id}/token`, input);
      expect([input, status === 201]).toEqual([input, takes("/sources/{id}/token", "post", input)]);
    }
  });

  test("for what is taken out of quarantine", async () => {
    const id = await sendRefused(await newSource(), { query: "payout=much" });
    for (const input of [{}, { kind: "sales" }, { kind: "action-lifecycle" }, { kind: null }, { colour: 1 }]) {
      const { body } = await operate(`/quarantine/${id}/reingest`, input);
      expect([input, body.code !== "invalid_input"]).toEqual([input, takes("/quarantine/{id}/reingest", "post", input)]);
    }
  });
});

test.each(
  operations.filter(({ operation }) => operation.security && operation.parameters.some((parameter: any) => parameter.in === "query")),
)("$method $path takes each query parameter that it declares, and no other", async ({ path, method, operation }) => {
  const names: string[] = operation.parameters.filter((parameter: any) => parameter.in === "query").map(({ name }: any) => name);
  for (const name of [...names, "colour"]) {
    const address = `${path.replace(/\{\w+\}/g, "x")}?${name}=x`;
    const { body } = await operate(address, method === "get" ? undefined : {}, method.toUpperCase());
    const isUnknown = (body.errors ?? []).some((mistake: any) => mistake.field === name && mistake.reason.includes("not known"));
    expect([name, isUnknown]).toEqual([name, name === "colour"]);
  }
});

test("an answer in trouble is as the schema of problems says", async () => {
  const { $schema, ...schema } = document.components.schemas.Problem;
  const problem = z.fromJSONSchema(schema);
  const refusals = [await send({ token: "nobody" }, { query: "a=b" }), await call("/nothing"), await call("/sources")];
  for (const response of refusals) expect(problem.safeParse(await response.json()).success).toBe(true);
  expect(problem.safeParse({ error: "x" }).success).toBe(false);
});
