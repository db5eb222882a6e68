import { defaultRetrySchedule } from "../forward/backoff.ts";
import type { Fields } from "./form.ts";

/** What a button of a destination's page changes: its state alone. The form of all settings says `form=whole`. */
export function destinationChanges(fields: Fields): Record<string, unknown> {
  return isWhole(fields) ? { ...common(fields), ...taken(fields) } : { state: fields.text("state") };
}

/** What a destination is created with: what was left empty is left to be as usual. */
export function newDestinationOf(fields: Fields): Record<string, unknown> {
  const signatures = fields.text("signatures")?.split(" ");
  const secret = fields.text("secret");
  return { ...common(fields), ...given(taken(fields)), ...(signatures ? { signatures } : {}), ...(secret ? { secret } : {}) };
}

/** What a preview is asked for with: of a destination as it is, or as the form of all settings would make it. */
export function previewOf(fields: Fields): Record<string, unknown> {
  const asked = given({ destination: fields.text("destination"), event: fields.text("event") });
  if (!isWhole(fields)) return asked;
  const { name, url, ...rest } = { ...common(fields), ...taken(fields) };
  return { ...rest, ...given({ name, url }), ...asked };
}

function isWhole(fields: Fields): boolean {
  return fields.text("form") === "whole";
}

function common(fields: Fields) {
  return {
    name: fields.text("name") ?? "",
    url: fields.text("url") ?? "",
    filter: fields.text("filter") === undefined ? "" : fields.values["filter"],
    ...given({ preset: fields.text("preset"), method: fields.text("method") }),
    headers: fields.pairs("headers"),
    secrets: fields.pairs("secrets"),
    auth: authOf(fields),
    timeout: fields.number("timeout") ?? 15,
    retry_schedule: scheduleOf(fields),
    ordered: fields.flag("ordered"),
    once_per_action: fields.flag("once_per_action"),
  };
}

/** What is taken away when it is left empty. */
function taken(fields: Fields) {
  const limit = fields.number("rate_limit.limit");
  return {
    body: fields.values["body"]?.trim() ? fields.values["body"] : null,
    via: fields.textOrNull("via"),
    rate_limit: limit === undefined ? null : { limit, period: fields.text("rate_limit.period") },
    concurrency: fields.number("concurrency") ?? null,
  };
}

/** Without what is not there. */
function given(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== ""));
}

const units: Record<string, number> = { s: 1, m: 60, min: 60, h: 3600, d: 86_400 };

/** Pauses like `5s 1min 2h`, in seconds; what is none is left for the schema to name. */
function scheduleOf(fields: Fields): (number | string)[] {
  const text = fields.text("retry_schedule");
  if (text === undefined) return defaultRetrySchedule;
  if (text.toLowerCase() === "none") return [];
  return text.split(/[\s,;]+/).map((part) => {
    const [, size, unit = "s"] = /^(\d+)(s|m|min|h|d)?$/i.exec(part) ?? [];
    return size === undefined ? part : Number(size) * (units[unit.toLowerCase()] as number);
  });
}

function authOf(fields: Fields): Record<string, unknown> {
  const type = fields.text("auth.type") ?? "none";
  const wanted: Record<string, string[]> = {
    basic: ["username", "password"],
    bearer: ["token"],
    oauth2: ["token_url", "client_id", "client_secret", "scope", "audience", "client_auth"],
  };
  const client = type === "oauth2" ? { client_auth: "basic" } : {};
  const values = (wanted[type] ?? []).map((name) => [name, fields.text(`auth.${name}`) ?? ""]);
  return { type, ...Object.fromEntries(values), ...(fields.text("auth.client_auth") ? {} : client) };
}
