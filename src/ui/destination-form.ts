import { authFold, paceFold, sentFold, signingFold } from "./destination-folds.ts";
import { standing } from "./destination-values.ts";
import type { DestinationView, PresetView } from "./destination-view.ts";
import { type FilterCheck, filterCheck, filterMistake } from "./filter.ts";
import { area, form, input, mistakes, type Typed } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { fold } from "./parts.ts";
import { noPreview, type Preview, previewPart } from "./preview.ts";

/** A destination in the making. */
export interface Draft {
  typed: Typed;
  presets: PresetView[];
  /** What a filter may name. */
  filterNames: string[];
  /** The one that is to be changed; null for a new one. */
  destination: DestinationView | null;
  /** What was found out about it so far; nothing of it is saved. */
  check?: FilterCheck | undefined;
  preview?: Preview | undefined;
}

/** The form of a destination: the simple case first, and all else in folds, which are open where something is set. */
export function destinationForm(draft: Draft): Page {
  const { destination, presets } = draft;
  const preset = presets.find(({ name }) => name === (draft.typed.values["preset"] ?? destination?.preset)) ?? (presets[0] as PresetView);
  const typed = standing(draft.typed, destination, preset);
  const path = destination ? `/destinations/${destination.id}` : "/destinations";
  const save = destination ? "Save" : "Create destination";
  const parts = [
    html`<button class="unseen" tabindex="-1" aria-hidden="true">${save}</button>`,
    html`<div id="filter-mistakes">${mistakes(only(typed, true))}</div>`,
    mistakes(only(typed, false)),
    simple(typed, preset, draft),
    sentFold(typed, preset, presets),
    authFold(typed),
    paceFold(typed),
    destination ? null : signingFold(typed),
    trying(typed, draft),
    html`<div class="row"><button class="primary">${save}</button><a href="${path}">Cancel</a></div>`,
  ];
  return {
    title: destination ? `Change ${destination.name}` : "New destination",
    lead: destination
      ? "What is sent from now on follows these settings. A delivery that was tried already keeps the body it was first sent with."
      : "A system of yours that is to hear of events. Name and URL are all it needs; a filter says of which events.",
    body: html`<div class="destination-form">${form(path, parts, destination ? "PATCH" : "POST")}</div>`,
  };
}

/** What is wrong with the filter, or with all else: what is wrong with the filter goes away when a check finds that it is mended. */
function only(typed: Typed, isOfFilter: boolean): Typed {
  return { ...typed, mistakes: typed.mistakes.filter(({ field }) => (field === "filter") === isOfFilter) };
}

function simple(typed: Typed, preset: PresetView, { check, filterNames, destination }: Draft): Html {
  const isWrong = check ? check.mistake !== null : only(typed, true).mistakes.length > 0;
  const stale = isWrong ? html` hx-select-oob="#filter-box:outerMorph,#filter-mistakes,#preview"` : null;
  const swap = html`hx-post="/filters" hx-target="#filter-check" hx-select="#filter-check"${stale} hx-swap="outerHTML"`;
  const checking = html`${swap} hx-trigger="input changed delay:400ms" hx-sync="this:replace" hx-vals='{"_method": "POST"}'${check?.mistake ? html` aria-invalid="true"` : null}`;
  return html`<fieldset><legend>Who hears of what</legend>
<input type="hidden" name="form" value="whole">${destination ? html`<input type="hidden" name="destination" value="${destination.id}">` : null}
${input(typed, { name: "name", label: "Name", isRequired: true, placeholder: "ledger" })}
${input(typed, { name: "url", label: "URL", isRequired: true, placeholder: preset.exampleUrl, hint: html`Where requests go. Path and query may hold Liquid, like <code>?id={{ action_id }}</code>.` })}
<div class="filter-field">
<div id="filter-box">${area(typed, { name: "filter", label: "Filter", rows: rowsOf(typed.values["filter"] ?? ""), extra: checking, hint: html`A <a href="https://cel.dev" rel="noreferrer">CEL</a> expression over an event, like <code>status == "APPROVED" &amp;&amp; payout &gt;= 10.0</code>. Left empty: every event, but not our own news.` })}</div>
${check ? filterCheck(check) : filterMistake(typed)}
<button formaction="/filters#field-filter" formnovalidate name="_method" value="POST" class="small" ${swap}>Check the filter</button>
${fold("What a filter can say", examples(filterNames))}
</div></fieldset>`;
}

/** So many lines that most filters are seen whole. */
function rowsOf(filter: string): number {
  const lines = filter.split("\n").reduce((sum, line) => sum + Math.ceil((line.length + 1) / 80), 0);
  return Math.min(12, Math.max(3, lines));
}

const sayings: [filter: string, words: string][] = [
  [`type == "action.approved"`, "approved actions"],
  [`status in ["PENDING", "APPROVED"] && payout >= 10.0`, "pending and approved ones that pay 10 or more"],
  [`campaign_id == "1234" && !is_test`, "one campaign, without tests"],
  [`sub_id1.startsWith("news")`, "a sub id that begins so"],
  [`"OrderId" in fields && fields.OrderId != "0"`, "an order id; fields hold all there is, as text"],
  [`type.startsWith("operational.")`, "our own news, such as a destination that fails"],
];

function examples(names: string[]): Html {
  return html`<ul class="sayings">${sayings.map(([filter, words]) => html`<li><code>${filter}</code> <small>${words}</small></li>`)}</ul>
<p class="hint">Names: ${names.map((name, index) => html`${index > 0 ? " " : null}<code>${name}</code>`)}. Amounts have a point: <code>10.0</code>. What an event does not have is empty, or 0.</p>`;
}

function trying(typed: Typed, { preview }: Draft): Html {
  const isOpen = preview !== undefined || typed.mistakes.some(({ field }) => field === "event");
  return fold(
    "Preview on a real event",
    html`${input(typed, { name: "event", label: "Event id", placeholder: "evt_…", hint: "Left empty: the latest event that the filter selects, else a sample." })}
<button formaction="/destinations/preview#preview" formnovalidate name="_method" value="POST" hx-post="/destinations/preview" hx-target="#preview" hx-select="#preview" hx-swap="outerHTML">Preview the request</button>
${preview ? previewPart(preview) : noPreview(typed)}`,
    isOpen,
  );
}
