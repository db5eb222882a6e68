import * as z from "zod";
import { version } from "../domain/version.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Methods } from "./routes.ts";

const problem = {
  description: "RFC 9457 problem",
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
};

/** The OpenAPI 3.1 document, from the routes and the same schemas that check the input. */
export function openApi(routes: [path: string, methods: Methods][], origin: string) {
  return {
    openapi: "3.1.0",
    info: {
      title: "Postback Edge",
      version,
      description:
        "Receives impact.com postbacks, stores every one, and delivers them as signed webhooks. Operator addresses want `Authorization: Bearer <operator token>`.",
    },
    servers: [{ url: origin }],
    paths: Object.fromEntries(
      routes
        .map(([path, methods]) => [template(path), item(path, methods)])
        .filter(([, methods]) => Object.keys(methods as object).length > 0),
    ),
    components: { securitySchemes: { operator: { type: "http", scheme: "bearer" } }, schemas: { Problem: problemSchema } },
  };
}

function item(path: string, methods: Methods) {
  const told = Object.entries(methods).filter(([, { isPage }]) => !isPage);
  return Object.fromEntries(told.map(([method, endpoint]) => [method.toLowerCase(), operation(path, endpoint)]));
}

function operation(path: string, { summary, query, body, success = 200, isOpen, admits }: Endpoint) {
  return {
    summary,
    ...(isOpen ? {} : { security: [{ operator: [] }, ...(admits ? [{}] : [])] }),
    parameters: [...pathParameters(path), ...queryParameters(query)],
    ...(body ? { requestBody: { content: { "application/json": { schema: z.toJSONSchema(body, { io: "input" }) } } } } : {}),
    responses: { [success]: { description: "Done" }, default: problem },
  };
}

function pathParameters(path: string) {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } }));
}

function queryParameters(query: z.ZodType | undefined) {
  const { properties = {} } = query ? z.toJSONSchema(query, { io: "input" }) : {};
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", schema }));
}

function template(path: string): string {
  return path.replace(/:(\w+)\??/g, "{$1}");
}

const problemSchema = {
  type: "object",
  required: ["type", "title", "status", "code", "detail"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    code: { type: "string" },
    detail: { type: "string" },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["field", "reason"],
        properties: { field: { type: "string" }, reason: { type: "string" }, line: { type: "integer" }, column: { type: "integer" } },
      },
    },
  },
};
