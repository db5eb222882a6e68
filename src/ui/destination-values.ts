import { type DestinationView, durationOf, type PresetView, secretsOf } from "./destination-view.ts";
import type { Typed } from "./form.ts";

/** What stands in the form of a new destination. */
const usual: Record<string, string> = {
  preset: "standard-webhooks",
  "auth.type": "none",
  "auth.client_auth": "basic",
  timeout: "15",
  retry_schedule: "5s 1min 5min 30min 2h 5h 10h 14h 20h 24h",
  "rate_limit.period": "second",
  signatures: "v1",
};

/** What stands in the form: what was typed, else how the destination is, else what is usual. Mistakes stand at the fields that are there. */
export function standing(typed: Typed, destination: DestinationView | null, preset: PresetView): Typed {
  const isWhole = typed.values["form"] === "whole";
  const asked = destination
    ? {}
    : {
        secrets: secretsOf(preset)
          .map((name) => `${name}: `)
          .join("\n"),
      };
  const values = isWhole ? typed.values : { ...(destination ? valuesOf(destination, preset) : usual), ...asked, ...typed.values };
  return { values, mistakes: typed.mistakes.map(atField) };
}

/** Whether any of these fields says something that is not usual, or is wrong. */
export function isSet({ values, mistakes }: Typed, names: string[]): boolean {
  const isOther = (name: string) => (values[name] ?? "").trim() !== "" && values[name] !== (usual[name] ?? "");
  return names.some((name) => isOther(name) || mistakes.some(({ field }) => field === name));
}

function valuesOf(one: DestinationView, preset: PresetView): Record<string, string> {
  const { auth, rate_limit: rate } = one;
  const authValues = Object.entries(auth).map(([name, value]) => [`auth.${name}`, String(value)]);
  return {
    name: one.name,
    url: one.url,
    filter: one.filter,
    preset: one.preset,
    method: one.method === preset.method ? "" : one.method,
    body: one.body ?? "",
    headers: linesOf(one.headers),
    secrets: linesOf(one.secrets),
    "auth.client_auth": "basic",
    ...Object.fromEntries(authValues),
    via: one.via ?? "",
    timeout: String(one.timeout),
    retry_schedule: one.retry_schedule.map(written).join(" ") || "none",
    "rate_limit.limit": rate ? String(rate.limit) : "",
    "rate_limit.period": rate?.period ?? "second",
    concurrency: one.concurrency === null ? "" : String(one.concurrency),
    ordered: one.ordered ? "on" : "",
    once_per_action: one.once_per_action ? "on" : "",
  };
}

/** A day is told in hours here, as in the usual schedule. */
function written(seconds: number): string {
  return seconds === 86_400 ? "24h" : durationOf(seconds, "");
}

function linesOf(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

/** Fields that hold many values in one place. */
const gathered = ["headers", "secrets", "retry_schedule", "signatures"];

function atField(mistake: Typed["mistakes"][number]): Typed["mistakes"][number] {
  const [field = "", ...rest] = mistake.field.split(".");
  if (field === "auth" && rest.length === 0) return { ...mistake, field: "auth.type" };
  if (field === "rate_limit" && rest.length === 0) return { ...mistake, field: "rate_limit.limit" };
  if (!gathered.includes(field) || rest.length === 0) return mistake;
  const which = /^\d+$/.test(rest.join(".")) ? `number ${Number(rest[0]) + 1}` : rest.join(".");
  return { ...mistake, field, reason: `${which} ${mistake.reason}` };
}
