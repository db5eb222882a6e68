import { type PresetView, secretsOf } from "./destination-view.ts";
import { type Content, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, fold } from "./parts.ts";
import { code, copyable, state } from "./words.ts";

const families: [title: string, text: string, names: string[]][] = [
  ["For a system of your own", "The whole event, signed.", ["standard-webhooks", "cloudevents-structured", "cloudevents-binary", "raw"]],
  ["For people", "A line in a chat.", ["slack"]],
  ["For trackers", "A click id, a payout and a state, as each of them takes it.", ["voluum", "redtrack", "keitaro", "binom"]],
  ["For advertising and analytics", "Conversions, as their APIs take them.", ["meta-conversions", "ga4"]],
];

/** The ready-made forms of requests; each leads on to a new destination. */
export function presetsPage(presets: PresetView[]): Page {
  const known = new Set(families.flatMap(([, , names]) => names));
  const others = presets.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const groups: typeof families = others.length > 0 ? [...families, ["Others", "", others]] : families;
  return {
    title: "Presets",
    lead: "Ready-made forms of requests. Each is a template that you could have written yourself; a body, headers or URL of your own take its place.",
    actions: html`<a class="button" href="/destinations">Destinations</a>`,
    body: groups.map(([title, text, names]) => {
      const cards = names.flatMap((name) => presets.filter((one) => one.name === name).map(card));
      return html`<section class="part"><header><h2>${title}</h2></header>${text ? html`<p class="lead">${text}</p>` : null}<ul class="gallery">${cards}</ul></section>`;
    }),
  };
}

function card(one: PresetView): Html {
  return html`<li><h3>${one.title}</h3><p>${one.description}</p>${template(one)}
<p class="foot"><a class="button small" href="/destinations/new?preset=${one.name}" aria-label="Use it: ${one.title}">Use it</a>${documentation(one)}${verified(one)}</p></li>`;
}

function documentation({ documentation, title }: PresetView): Content {
  return documentation ? html`<a href="${documentation}" rel="noreferrer" aria-label="Documentation of ${title}">Documentation</a>` : null;
}

function verified({ verified }: PresetView): Content {
  return verified ? null : html`<span title="Not all of it stands in the documentation.">${state("try it first")}</span>`;
}

/** What a preset brings along, for the form. */
export function presetFacts(one: PresetView): Html {
  const needs = secretsOf(one);
  return html`<p class="hint">${one.description} ${documentation(one)}</p>${facts([
    ["Request", html`${one.method} ${code(one.exampleUrl)}`],
    ["Needs the secrets", needs.length > 0 ? needs.map((name, index) => html`${index > 0 ? ", " : null}${code(name)}`) : null],
    ["Checked", one.verified ? null : "Not all of it stands in the documentation: send a test before you trust it."],
  ])}${template(one)}`;
}

function template({ query, body, headers, title }: PresetView): Html | null {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const parts: [name: string, text: string | null][] = [
    ["Query", query],
    ["Headers", lines.join("\n") || null],
    ["Body", body],
  ];
  const given = parts.filter((part): part is [string, string] => part[1] !== null);
  if (given.length === 0) return null;
  return fold(
    "Template",
    given.map(([name, text]) => html`<div class="stack-small"><small>${name}</small>${copyable(text, `${name} of ${title}`)}</div>`),
  );
}
