import type { Mistake } from "../domain/problem.ts";
import { type EventView, textOf } from "./events.ts";
import { area, choice, form, untyped } from "./form.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, fold, notice, section } from "./parts.ts";
import type { QuarantinedView } from "./quarantine.ts";
import type { View } from "./view.ts";
import { code, copyable, money, state, when } from "./words.ts";

/** What a call would become with another mapping. */
export interface Would {
  ok: boolean;
  mapping: Record<string, string>;
  event: EventView | null;
  destinations: string[];
  detail: string | null;
  errors: Mistake[];
}

/** One call in quarantine: why, what came, what another mapping would make of it. */
export function quarantinedPage(
  view: View,
  one: QuarantinedView,
  keys: string[],
  mapping: Record<string, string>,
  kinds: string[],
  would: Would | null,
): Page {
  return {
    title: one.code,
    lead: html`${code(one.id)}, ${when(one.received_at, view.now)}, from <a href="/sources/${one.source_id}">${one.source}</a>`,
    body: [
      one.event ? notice(html`It was re-ingested, as <a href="/events/${one.event}">${one.event}</a>.`, "good") : null,
      section("Why", why(one)),
      one.event ? null : section("What to do", ways(one, keys, would?.mapping ?? mapping, kinds, would)),
      section("What came", came(one)),
    ],
  };
}

function why({ detail, errors, truncated }: QuarantinedView): Html {
  return html`<p>${detail}</p>${errors.length > 0 ? html`<ul>${errors.map(({ field, reason }) => html`<li>${code(field)} ${reason}</li>`)}</ul>` : null}${truncated ? notice("It was larger than 100 KB: only its beginning was kept.", "bad") : null}`;
}

function ways(one: QuarantinedView, keys: string[], mapping: Record<string, string>, kinds: string[], would: Would | null): Html {
  const path = `/quarantine/${one.id}`;
  const lines = Object.entries(mapping).map(([key, macro]) => `${key}: ${macro}`);
  const kindChoice = choice(untyped, {
    name: "kind",
    label: "Kind",
    options: [["", `as in its URL: ${one.kind}`], ...kinds.map((kind): [string, string] => [kind, kind])],
  });
  return html`<p>If the template in impact.com is wrong, mend it there; what comes from then on is right. If it is right and its keys have names of your own, map them: try it here first.</p>
${form(`${path}/preview`, [
  area(untyped, {
    name: "mapping",
    label: "Mapping",
    rows: Math.max(3, lines.length + 1),
    value: lines.join("\n"),
    hint: html`One a line: the sender's key, a colon, impact.com's macro, like <code>cid: SubId1</code>.${keys.length > 0 ? html` Keys that came: ${keys.map((key, index) => html`${index > 0 ? ", " : null}${code(key)}`)}.` : null}`,
  }),
  kindChoice,
  html`<div class="row"><button>See what it would become</button></div>`,
])}
${would && outcome(one, would)}
<div class="row">${form(`${path}/reingest`, [html`<button class="${would?.ok ? "" : "primary"}">Take it once more, with the source's mapping</button>`])}</div>`;
}

function outcome(one: QuarantinedView, { ok, mapping, event, destinations, detail, errors }: Would): Html {
  if (!ok || !event)
    return html`${notice(html`It would still not be valid: ${detail}`, "bad")}${errors.length > 1 ? html`<ul>${errors.map(({ field, reason }) => html`<li>${code(field)} ${reason}</li>`)}</ul>` : null}`;
  return html`${notice(html`It would become ${event.type}.`, "good")}
${facts([
  ["Action", event["action_id"] ? code(textOf(event["action_id"])) : null],
  ["Status", event["status"] ? state(textOf(event["status"])) : null],
  ["Payout", event["payout"] ? money(textOf(event["payout"]), textOf(event["currency"])) : null],
  ["Goes to", destinations.length > 0 ? destinations.join(", ") : "no destination"],
])}
${fold("All fields", html`<pre tabindex="0">${JSON.stringify(event["fields"], null, 2)}</pre>`)}
<div class="row">${form(
    `/sources/${one.source_id}`,
    [
      html`<input type="hidden" name="form" value="mapping">`,
      Object.entries(mapping).map(
        ([key, macro], index) =>
          html`<input type="hidden" name="key.${index}" value="${key}"><input type="hidden" name="macro.${index}" value="${macro}">`,
      ),
      html`<button class="primary">Save this mapping to ${one.source}</button>`,
    ],
    "PATCH",
  )}</div>`;
}

function came({ kind, receipt, source }: QuarantinedView): Html {
  const { method, query, headers, ip, body, body_encoding, body_bytes } = receipt;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return html`${facts([
    ["Call", html`${method} ${code(`/in/…/${kind}`)} of ${source}`],
    ["From", code(ip)],
    ["Query", query ? code(query) : null],
    ["Body", body_bytes > 0 ? `${body_bytes} bytes, shown as ${body_encoding}` : "none"],
  ])}${body_bytes > 0 ? copyable(body, "Body") : null}${fold("Headers", copyable(lines.join("\n") || "none", "Headers"))}`;
}
