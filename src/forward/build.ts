import type { DestinationMethod, Form } from "../domain/destination.ts";
import type { Event } from "../domain/event.ts";
import { bodyOf, bodyTemplate, contentTypeOf, NotJson } from "./body.ts";
import { scopeOf } from "./names.ts";
import { payload } from "./payload.ts";
import { placeOf } from "./place.ts";
import { presets } from "./presets.ts";
import { sampleEvent } from "./sample.ts";
import { checkTemplate, isLiteral, mistake, positionOf, render } from "./template.ts";
import { checkUrl, urlOf } from "./url.ts";

export { presets };

/** One request, ready to be signed. `body` is null when there is none, as for GET. */
export interface Built {
  url: string;
  method: DestinationMethod;
  headers: Record<string, string>;
  body: string | Uint8Array<ArrayBuffer> | null;
}

/** What a request is built from besides the destination. */
export interface Material {
  event: Event;
  sourceName: string;
  /** What templates may use as `secrets.<name>`. */
  secrets: Record<string, string>;
  /** The operator's headers; each may be a template. */
  headers: Record<string, string>;
  /** The postback as it came; only the preset `raw` needs it. */
  receipt: Receipt | null;
}

interface Receipt {
  method: string;
  query: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** Does a request of this form need the postback as it came? */
export function needsReceipt(form: Form): boolean {
  return form.preset === "raw";
}

/**
 * The request that tells a destination of an event: the preset's, with the operator's headers and body in place of its own. Throws
 * `invalid_input` for the field `url`, `body` or `headers.<name>` when what comes out is no URL, no JSON or no header.
 */
export function build(form: Form, material: Material): Built {
  const { event, sourceName, secrets, headers } = material;
  const receipt = needsReceipt(form) ? receiptOf(material) : null;
  const scope = scopeOf(event, sourceName, secrets);
  const { body, described } = form.method === "GET" ? noContent : contentOf(form, material, receipt, scope);
  const overridden = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  const ours = Object.entries({ ...headersOf(presets[form.preset].headers, scope), ...described }).filter(
    ([name]) => !overridden.has(name),
  );
  return {
    url: urlOf(form, scope, receipt?.query ?? ""),
    method: form.method,
    headers: { ...Object.fromEntries(ours), ...headersOf(headers, scope) },
    body,
  };
}

/**
 * Checks a form before it is kept: that its templates parse, that what they name is there, and that a request comes out of them, for
 * an event with everything, for one with next to nothing, and for our own news. Throws `invalid_input` with field, line and column.
 */
export function checkForm(form: Form, headers: Record<string, string>, secretNames: string[]): void {
  checkUrl(form, secretNames);
  for (const [name, value] of Object.entries(headers)) checkTemplate(value, "header", `headers.${name}`, secretNames);
  const contentType = given(headers, "content-type") ?? contentTypeOf(form) ?? "";
  if (!isLiteral(contentType)) throw mistake("headers.content-type", "it decides how the body is escaped, so it may not hold Liquid");
  checkBody(form, contentType, secretNames);
  const secrets = Object.fromEntries(secretNames.map((name) => [name, "secret"]));
  for (const event of trials) tryOut(form, { event, sourceName: "sample", secrets, headers, receipt: noReceipt });
}

function checkBody(form: Form, contentType: string, secretNames: string[]): void {
  if (form.body !== null && form.method === "GET")
    throw mistake("body", "a GET has none. Put Liquid into the URL, or choose POST; and send body as null");
  if (form.body !== null && needsReceipt(form))
    throw mistake("body", "the preset raw sends the postback as it came. Choose another preset, or send body as null");
  const template = bodyTemplate(form);
  if (template !== null) checkTemplate(template, placeOf(contentType), "body", secretNames);
}

function tryOut(form: Form, material: Material): void {
  try {
    build(form, material);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    const which = material.event.id === bare.id ? "for an event without any values " : "";
    throw mistake(
      "body",
      `${which}it is not JSON: ${error.detail}. Put texts between quotes, and give numbers a default, as in {{ payout | default: 0 }}`,
    );
  }
}

const sample = sampleEvent("sample", 0);
const nothing = { actionId: null, status: null, currency: null, payout: null, deltaPayout: null, amount: null, deltaAmount: null };
const bare: Event = { ...sample, ...nothing, id: "bare", occurredAt: null, fields: {} };
const news: Event = { ...bare, id: "news", kind: "operational", type: "operational.destination_disabled" };
const trials = [sample, bare, news];
const noReceipt: Receipt = { method: "GET", query: "", headers: {}, body: new Uint8Array() };

/** Our own news came from nobody, so there is nothing to show. */
function receiptOf({ event, receipt }: Material): Receipt | null {
  if (event.kind === "operational") return null;
  if (receipt) return receipt;
  throw mistake("body", "the postback as it came is not stored, so it cannot be sent. Choose another preset");
}

/** A body, and the headers that say what it is, as they are: they are no templates, and may be the sender's. */
interface Content {
  body: Built["body"];
  described: Record<string, string>;
}

const noContent: Content = { body: null, described: {} };

function contentOf(form: Form, { event, sourceName, headers }: Material, receipt: Receipt | null, scope: object): Content {
  if (receipt) return { body: new Uint8Array(receipt.body), described: descriptionOf(receipt) };
  const template = bodyTemplate(form);
  const isPayload = template === null && (form.preset === "standard-webhooks" || form.preset === "raw");
  if (isPayload) return { body: payload(event, sourceName), described: { "content-type": "application/json" } };
  const contentType = contentTypeOf(form);
  if (template === null || contentType === null) return noContent;
  const body = bodyOf(template, given(headers, "content-type") ?? contentType, scope);
  return { body, described: { "content-type": contentType } };
}

function descriptionOf({ headers }: Receipt): Record<string, string> {
  const isOfBody = (name: string) => name === "content-type" || name === "content-encoding";
  return Object.fromEntries(Object.entries(headers).filter(([name, value]) => isOfBody(name) && !notPrintable.test(value)));
}

function given(headers: Record<string, string>, wanted: string): string | undefined {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

const notPrintable = /[^\t\x20-\x7e]/;

/** A header that comes out empty is left out. */
function headersOf(templates: Record<string, string>, scope: object): Record<string, string> {
  const filled = Object.entries(templates).map(([name, template]) => {
    const value = render(template, "header", `headers.${name}`, scope).trim();
    if (notPrintable.test(value))
      throw mistake(`headers.${name}`, "it must be printable ASCII in one line", positionOf(template, notPrintable));
    return [name, value] as const;
  });
  return Object.fromEntries(filled.filter(([, value]) => value !== ""));
}
