import type * as z from "zod";
import type { App } from "../app.ts";

/** One request to one endpoint, checked and taken apart. */
export interface Call<Query, Body> {
  app: App;
  request: Request;
  /** Where this Worker is reached: `https://postback-edge.example.workers.dev`. */
  origin: string;
  params: Record<string, string>;
  query: Query;
  body: Body;
}

/** What an endpoint answers, before it becomes JSON. */
export interface Reply {
  status?: number;
  body: unknown;
}

/** One method of one path. Its schemas check the input and write the OpenAPI document. */
export interface Endpoint {
  summary: string;
  query?: z.ZodType;
  body?: z.ZodType;
  /** The status of success, for the document; 200 unless said. */
  success?: number;
  /** True for what needs no operator token. */
  isOpen?: boolean;
  /** Whether a request opens it by itself, with a signature of ours; else the operator token is needed. */
  admits?(request: Request, app: App, params: Record<string, string>): boolean;
  run(call: Call<unknown, unknown>): Promise<Reply | Response>;
}

type Empty = Record<string, never>;

/** Declares an endpoint, so that `run` sees the types of its schemas. */
export function endpoint<Query = Empty, Body = undefined>(declared: {
  summary: string;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  success?: number;
  isOpen?: boolean;
  admits?(request: Request, app: App, params: Record<string, string>): boolean;
  run(call: Call<Query, Body>): Promise<Reply | Response>;
}): Endpoint {
  return declared as Endpoint;
}
