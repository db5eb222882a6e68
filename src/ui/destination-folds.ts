import { destinationMethods, ratePeriods } from "../domain/destination.ts";
import { isSet } from "./destination-values.ts";
import type { PresetView } from "./destination-view.ts";
import { area, check, choice, input, type Typed } from "./form.ts";
import { type Content, type Html, html } from "./html.ts";
import { fold } from "./parts.ts";
import { presetFacts } from "./presets.ts";

/** What requests look like. A preset shows what it brings along when it is chosen. */
export function sentFold(typed: Typed, preset: PresetView, presets: PresetView[]): Html {
  const names = ["preset", "method", "body", "headers", "secrets"];
  const title = typed.values["body"]?.trim() ? `${preset.title}, with a body of its own` : preset.title;
  return group(
    "What is sent",
    title,
    html`${choice(typed, { name: "preset", isRequired: true, label: "Preset", options: presets.map(({ name, title }): [string, string] => [name, title]), hint: html`What requests look like. <a href="/presets">Look at all of them.</a>`, extra: html`hx-get="/destinations/new" hx-target="#preset" hx-select="#preset" hx-swap="outerHTML"` })}
<div id="preset">${presetFacts(preset)}</div>
${choice(typed, { name: "method", label: "Method", options: [["", "that of the preset"], ...destinationMethods.map((one): [string, string] => [one, one])] })}
${area(typed, { name: "headers", label: "Headers", rows: 3, hint: html`One a line, like <code>X-Tenant: 42</code>. Values are kept encrypted; <code>[hidden]</code> stays as it is.` })}
${area(typed, { name: "secrets", label: "Secrets for templates", rows: 3, hint: html`One a line, like <code>api_key: abc</code>; templates write <code>{{ secrets.api_key }}</code>. They are kept encrypted and never shown again.` })}
${area(typed, { name: "body", label: "Body", rows: 6, hint: "A Liquid template instead of the preset's body." })}`,
    isSet(typed, names),
  );
}

const authTypes: [string, string][] = [
  ["none", "None besides the signature"],
  ["basic", "Basic: user and password"],
  ["bearer", "Bearer token"],
  ["oauth2", "OAuth2 client credentials"],
];

/** How we show the far side who we are. Only what belongs to the chosen way is shown, where the browser can tell. */
export function authFold(typed: Typed): Html {
  const type = typed.values["auth.type"] ?? "none";
  const names = ["type", "username", "password", "token", "token_url", "client_id", "client_secret", "scope", "audience"];
  const words = authTypes.find(([name]) => name === type)?.[1] ?? "";
  return group(
    "Authentication and route",
    typed.values["via"] ? `${words}, through ${typed.values["via"]}` : words,
    html`<div class="auth">
${choice(typed, { name: "auth.type", isRequired: true, label: "Authentication", options: authTypes })}
<div data-auth="basic">
${input(typed, { name: "auth.username", label: "User" })}
${input(typed, { name: "auth.password", label: "Password", type: "password" })}
</div>
<div data-auth="bearer">${input(typed, { name: "auth.token", label: "Token", type: "password" })}</div>
<div data-auth="oauth2">
${input(typed, { name: "auth.token_url", label: "Token URL", placeholder: "https://login.example.com/oauth/token" })}
${input(typed, { name: "auth.client_id", label: "Client id" })}
${input(typed, { name: "auth.client_secret", label: "Client secret", type: "password" })}
${input(typed, { name: "auth.scope", label: "Scope", placeholder: "may stay empty" })}
${input(typed, { name: "auth.audience", label: "Audience", placeholder: "may stay empty" })}
${choice(typed, {
  name: "auth.client_auth",
  isRequired: true,
  label: "Id and secret go",
  options: [
    ["basic", "into the header"],
    ["body", "into the body"],
  ],
})}
</div></div>
${input(typed, { name: "via", label: "Through a binding", placeholder: "LEDGER", hint: "The name of a service binding, VPC service or mTLS certificate of this Worker: for systems that are not on the internet." })}`,
    isSet(typed, ["via", ...names.map((name) => `auth.${name}`)]),
  );
}

/** How fast, how often again, in which order. */
export function paceFold(typed: Typed): Html {
  const names = ["rate_limit.limit", "rate_limit.period", "concurrency", "timeout", "retry_schedule", "ordered", "once_per_action"];
  return group(
    "Pace, retries and order",
    isSet(typed, names) ? "as you set it" : "as fast as events come; 11 attempts in about 76 hours",
    html`<div class="pairs">
${input(typed, { name: "rate_limit.limit", label: "Rate limit", type: "number", placeholder: "no limit" })}
${choice(typed, { name: "rate_limit.period", isRequired: true, label: "Per", options: [...ratePeriods] })}
${input(typed, { name: "concurrency", label: "At once", type: "number", placeholder: "no limit" })}
${input(typed, { name: "timeout", isRequired: true, label: "Timeout in seconds", type: "number" })}
</div>
${input(typed, { name: "retry_schedule", label: "Pauses between attempts", hint: html`Like <code>5s 1min 2h</code>; a plain number counts seconds. <code>none</code>: one attempt only.` })}
${check(typed, { name: "ordered", label: "Events of one action arrive in order of effect", hint: "One that fails holds back its own action only." })}
${check(typed, { name: "once_per_action", label: "Only the first selected event of each action" })}`,
    isSet(typed, names),
  );
}

/** What signs the requests of a new destination. */
export function signingFold(typed: Typed): Html {
  return group(
    "Signatures",
    isSet(typed, ["signatures", "secret"]) ? "as you set it" : "v1, with a secret made for it",
    html`${choice(typed, {
      name: "signatures",
      isRequired: true,
      label: "Versions",
      options: [
        ["v1", "v1: HMAC with a shared secret"],
        ["v1a", "v1a: Ed25519, verified with a public key"],
        ["v1 v1a", "both"],
      ],
    })}
${input(typed, { name: "secret", label: "A v1 secret of your own", type: "password", placeholder: "whsec_…", hint: "Left empty: one is made, and shown once." })}`,
    isSet(typed, ["signatures", "secret"]),
  );
}

function group(title: string, now: Content, body: Content, isOpen: boolean): Html {
  return fold(
    html`${title} <span class="now">${now}</span>`,
    html`<fieldset><legend class="unseen">${title}</legend>${body}</fieldset>`,
    isOpen,
  );
}
