import { type AttemptView, attemptsOf, type DeliveryOfEvent } from "./attempts.ts";
import { type EventView, textOf } from "./events.ts";
import { choice, form, untyped } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, facts, fold, live, notice, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, copyable, money, state, when } from "./words.ts";

interface Warning {
  code: string;
  field?: string;
  detail: string;
}

/** A receipt for people. */
export interface ReceiptView {
  method: string;
  query: string;
  headers: Record<string, string>;
  ip: string;
  body: string;
  body_encoding: string;
  body_bytes: number;
}

/** An event with all that belongs to it. */
export type WholeEvent = EventView & { receipt: ReceiptView; deliveries: (DeliveryOfEvent & { attempts?: AttemptView[] })[] };

/** What stands above the fields already, or is none. */
const told = new Set(
  "id type subject kind source source_id origin action_id status status_detail currency payout delta_payout amount delta_amount received_at occurred_at is_test fields warnings receipt deliveries".split(
    " ",
  ),
);

/** One event on one page: what it says, what came, where it went. `known` are impact.com's macros, `destinations` names by id. */
export function eventPage(view: View, event: WholeEvent, known: (key: string) => boolean, destinations: Map<string, string>): Page {
  const action = textOf(event["action_id"]);
  return {
    title: event.type,
    lead: html`${code(event.id)}, ${when(textOf(event["received_at"]), view.now)}`,
    actions: action
      ? html`<a class="button" href="${address(`/actions/${encodeURIComponent(action)}`, { source: textOf(event["source_id"]) })}">The action's timeline</a>`
      : null,
    body: [
      event["is_test"] ? notice("A test: it holds macros that were not filled in, or looks like impact.com's own test.") : null,
      section("What it says", summary(view, event)),
      section("Fields", fields(event, known)),
      section("Deliveries", live(view, "deliveries", deliveries(view, event, destinations)), replay(event, destinations)),
      section("What came", receipt(view, event)),
    ],
  };
}

function summary(view: View, event: WholeEvent): Html {
  const currency = textOf(event["currency"]);
  const amount = (name: string) => (event[name] === null || event[name] === undefined ? null : money(textOf(event[name]), currency));
  return facts([
    ["Status", event["status"] ? html`${state(textOf(event["status"]))} ${textOf(event["status_detail"])}` : null],
    ["Action", event["action_id"] ? code(textOf(event["action_id"])) : null],
    ["Payout", amount("payout")],
    ["Change of payout", amount("delta_payout")],
    ["Amount", amount("amount")],
    ["Change of amount", amount("delta_amount")],
    ["Took effect", event["occurred_at"] ? when(textOf(event["occurred_at"]), view.now) : null],
    ["Arrived", when(textOf(event["received_at"]), view.now)],
    ["Source", html`<a href="/sources/${textOf(event["source_id"])}">${textOf(event["source"])}</a>, ${textOf(event["kind"])}`],
    ["Told by", textOf(event["origin"])],
  ]);
}

function fields(event: WholeEvent, known: (key: string) => boolean): Html {
  const values = (event["fields"] ?? {}) as Record<string, string>;
  const warnings = event.warnings as Warning[];
  const names = [...new Set([...Object.keys(values), ...warnings.flatMap(({ field }) => (field ? [field] : []))])];
  const general = warnings.filter(({ field }) => !field);
  const nested = Object.fromEntries(
    Object.entries(event).filter(([name, value]) => !told.has(name) && typeof value === "object" && value !== null),
  );
  const list = table(
    "Fields",
    [
      { head: "Field", cell: (name) => html`${code(name)}${known(name) ? null : html` <span class="state">unknown key</span>`}` },
      { head: "Value", cell: (name) => (name in values ? code(values[name]) : html`<span class="none">absent</span>`) },
      { head: "Odd", cell: (name) => warnings.filter(({ field }) => field === name).map(({ detail }) => html`<p>${detail}</p>`) },
    ],
    names,
  );
  return html`${general.map(({ detail }) => notice(detail))}${names.length > 0 ? list : html`<p class="none">none</p>`}${Object.keys(nested).length > 0 ? fold("Lists and objects in it", html`<pre tabindex="0">${JSON.stringify(nested, null, 2)}</pre>`) : null}`;
}

function deliveries(view: View, { deliveries: list }: WholeEvent, destinations: Map<string, string>): Html {
  if (list.length === 0)
    return empty(
      "No destination wanted it",
      "The filters of your destinations did not select it when it came. Send it to one by hand, or look at the filters.",
      html`<a class="button" href="/destinations">Destinations</a>`,
    );
  return html`${list.map((one) => attemptsOf(view, one, destinations.get(one.destination) ?? one.destination))}`;
}

function replay({ id, deliveries: list }: WholeEvent, destinations: Map<string, string>): Html {
  const others = [...destinations].map(([value, name]): [string, string] => [value, name]);
  if (others.length === 0) return html``;
  const all: [string, string][] = list.length > 0 ? [["", "all that had it"]] : [];
  return html`<div class="inline">${form(`/events/${id}/replay`, [
    choice(untyped, { name: "destination", label: "Send again to", isRequired: true, options: [...all, ...others] }),
    html`<button>Replay</button>`,
  ])}</div>`;
}

function receipt({ origin }: View, event: WholeEvent): Html {
  const { method, query, headers, ip, body, body_encoding, body_bytes } = event.receipt;
  if (event["origin"] !== "postback") return html`<p>No call: it was found in impact.com's API.</p>`;
  const address = `${origin}/in/{token}/${textOf(event["kind"])}${query ? `?${query}` : ""}`;
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return html`${facts([
    ["Call", html`${method} ${code(`/in/…/${textOf(event["kind"])}`)}`],
    ["From", code(ip)],
    ["Query", query ? code(query) : null],
    ["Body", body_bytes > 0 ? `${body_bytes} bytes, shown as ${body_encoding}` : "none"],
  ])}
${body_bytes > 0 ? copyable(body, "Body") : null}
${fold("Headers", copyable(lines.join("\n") || "none", "Headers"))}
${fold("As a curl command", copyable(curlOf(event.receipt, address), "The call as a curl command"))}`;
}

/** The same call as a command for a shell; the token is left for the reader to put in. */
export function curlOf({ method, headers, body, body_encoding, body_bytes }: ReceiptView, url: string): string {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const parts = ["curl", method === "GET" ? "" : `-X ${quoted(method)}`, type ? `-H ${quoted(`content-type: ${type}`)}` : ""];
  const sent =
    body_bytes === 0
      ? ""
      : body_encoding === "base64"
        ? `--data-binary @<(echo ${quoted(body)} | base64 -d)`
        : `--data-binary ${quoted(body)}`;
  return [...parts, sent, quoted(url)].filter(Boolean).join(" ");
}

/** Text that a shell takes as it is. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
