import type * as z from "zod";
import type { App } from "../app.ts";
import type { Typed } from "../ui/form.ts";
import type { Page } from "../ui/layout.ts";
import type { View } from "../ui/view.ts";
import type { Fields } from "./form.ts";

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

/** What an endpoint answers, before it becomes JSON or a page. */
export interface Reply<Answer = unknown> {
  status?: number;
  body: Answer;
}

/** Where a form leads once it is done, and what is said there. */
export interface Next {
  to: string;
  said: string;
  /** Cookies to set, as whole headers. */
  cookies?: string[];
}

/** A call whose answer is to be shown; `typed` is what stood in the form that made it, if one did. */
export type Shown<Query, Answer> = Call<Query, unknown> & { view: View; answer: Answer; typed: Typed };

/** One method of one path. Its schemas check the input and write the OpenAPI document. */
export interface Endpoint {
  summary: string;
  query?: z.ZodType;
  body?: z.ZodType;
  /** The status of success, for the document; 200 unless said. */
  success?: number;
  /** True for what needs no operator token. */
  isOpen?: boolean;
  /** True for what only browsers ask for: it is not in the document. */
  isPage?: boolean;
  /** True for what changes nothing although it is no GET: a preview, a check. */
  isSafe?: boolean | ((query: unknown) => boolean);
  /** Whether a request opens it by itself, with a signature of ours; else the operator token is needed. */
  admits?(request: Request, app: App, params: Record<string, string>): boolean;
  run(call: Call<unknown, unknown>): Promise<Reply | Response>;
  /** The page that shows the answer to those who accept HTML. */
  page?(shown: Shown<unknown, unknown>): Promise<Page> | Page;
  /** What a form's fields are as JSON, for `body` to check. */
  form?(fields: Fields): unknown;
  /** Where a form leads once it is done; null: `page` shows what it answered. */
  next?(shown: Shown<unknown, unknown>): Promise<Next | null> | Next | null;
  /** The page of the form once more, with what was typed and what was wrong with it; without it, a page names the mistakes. */
  again?(call: Call<unknown, unknown> & { view: View; typed: Typed }): Promise<Page> | Page;
}

type Empty = Record<string, never>;

/** Declares an endpoint, so that `run` sees the types of its schemas, and `page` and `next` what it answers. */
export function endpoint<Query = Empty, Body = undefined, Answer = unknown>(declared: {
  summary: string;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  success?: number;
  isOpen?: boolean;
  isPage?: boolean;
  isSafe?: boolean | ((query: unknown) => boolean);
  admits?(request: Request, app: App, params: Record<string, string>): boolean;
  run(call: Call<Query, Body>): Promise<Reply<Answer> | Response>;
  page?(shown: Shown<Query, Answer>): Promise<Page> | Page;
  form?(fields: Fields): unknown;
  next?(shown: Shown<Query, Answer> & { body: Body }): Promise<Next | null> | Next | null;
  again?(call: Call<Query, unknown> & { view: View; typed: Typed }): Promise<Page> | Page;
}): Endpoint {
  return declared as Endpoint;
}
