import { type AttemptView, attemptsOf, type DeliveryOfEvent, type Receiver } from "./attempts.ts";
import { type EventView, originOf, textOf } from "./events.ts";
import { button, choice, form, untyped } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { newsPart } from "./news.ts";
import { empty, facts, live, notice, section } from "./parts.ts";
import { type ReceiptView, receiptPart } from "./receipt.ts";
import type { View } from "./view.ts";
import { code, copyable, exact, money, state, when } from "./words.ts";

interface Warning {
  code: string;
  field?: string;
  detail: string;
}

/** An event with all that belongs to it. */
export type WholeEvent = EventView & { receipt: ReceiptView; deliveries: (DeliveryOfEvent & { attempts?: AttemptView[] })[] };

/** One event on one page: what it says, where it went, what came. `known` are impact.com's macros, `destinations` those that there are, by id. */
export function eventPage(view: View, event: WholeEvent, known: (key: string) => boolean, destinations: Map<string, Receiver>): Page {
  const action = textOf(event["action_id"]);
  const { id, type, deliveries: list } = event;
  return {
    title: type,
    lead: html`${code(id)}, ${when(textOf(event["received_at"]), view.now)}`,
    actions: [
      action
        ? html`<a class="button" href="${address(`/actions/${encodeURIComponent(action)}`, { source: textOf(event["source_id"]) })}">Timeline of the action</a>`
        : null,
      list.length > 0 ? button("Replay", `/events/${id}/replay`, { question: questionOf(list.length) }) : null,
    ],
    body: [
      event["is_test"] ? notice("This is a test: it holds macros that nobody filled in, or looks like impact.com's own test.") : null,
      event["kind"] === "operational"
        ? newsPart(view, event, destinations)
        : [section("What it says", summary(view, event)), section("Fields", fields(event, known)), nested(event)],
      section("Deliveries", [live(view, "deliveries", deliveries(view, event, destinations)), elsewhere(event, destinations)]),
      section(
        "What came",
        event["origin"] === "postback" ? receiptPart(view.origin, event.receipt, textOf(event["kind"]) ?? "") : uncalled(event),
      ),
    ],
  };
}

function questionOf(many: number): string {
  return `Send this event again to ${many === 1 ? "the destination" : `all ${many} destinations`} that it went to?`;
}

function summary(view: View, event: WholeEvent): Html {
  const currency = textOf(event["currency"]);
  const amount = (name: string) => (textOf(event[name]) === null ? null : money(textOf(event[name]), currency));
  const moment = (name: string) => {
    const text = textOf(event[name]);
    return text && html`${when(text, view.now)} <small>${exact(text)}</small>`;
  };
  return facts([
    ["Status", event["status"] ? html`${state(textOf(event["status"]))} ${textOf(event["status_detail"])}` : null],
    ["Action", event["action_id"] ? code(textOf(event["action_id"])) : null],
    ["Campaign", textOf(event["campaign_name"]) ?? textOf(event["campaign_id"])],
    ["Payout", amount("payout")],
    ["Change of payout", amount("delta_payout")],
    ["Amount", amount("amount")],
    ["Change of amount", amount("delta_amount")],
    ["Took effect", moment("occurred_at")],
    ["Arrived", moment("received_at")],
    ["Kind", textOf(event["kind"])],
    ["Source", event["source_id"] ? html`<a href="/sources/${textOf(event["source_id"])}">${textOf(event["source"])}</a>` : null],
    ["Told by", originOf(event)],
  ]);
}

function fields(event: WholeEvent, known: (key: string) => boolean): Html {
  const values = (event["fields"] ?? {}) as Record<string, string>;
  const warnings = event.warnings as Warning[];
  const names = [...new Set([...Object.keys(values), ...warnings.flatMap(({ field }) => (field ? [field] : []))])];
  const list = names.map((name): [string, Html] => {
    const odd = warnings.filter(({ field }) => field === name).map(({ detail }) => warningOf(detail));
    const isUnknown = name in values && !known(name);
    return [
      name,
      html`${name in values ? code(values[name]) : html`<span class="none">nothing</span>`}${odd}${isUnknown ? html`<span class="under">no macro of impact.com: kept as it came</span>` : null}`,
    ];
  });
  const general = warnings.filter(({ field }) => !field).map(({ detail }) => notice(detail));
  return html`${general}${names.length > 0 ? html`<div class="fields">${facts(list)}</div>` : html`<p class="none">It has no flat fields.</p>`}`;
}

function warningOf(detail: string): Html {
  return html`<p class="under odd"><span aria-hidden="true">◔</span> ${detail}</p>`;
}

/** What was not flat: the event's other lists and objects. */
function nested(event: WholeEvent): Html | null {
  const ours = new Set(["fields", "warnings", "receipt", "deliveries"]);
  const given = Object.entries(event).filter(([name, value]) => !ours.has(name) && typeof value === "object" && value !== null);
  if (given.length === 0) return null;
  return section(
    "Lists in it",
    given.map(
      ([name, value]) =>
        html`<div class="block"><h3>${code(name)}</h3>${copyable(JSON.stringify(value, null, 2), `The list ${name}`)}</div>`,
    ),
  );
}

function deliveries(view: View, { deliveries: list }: WholeEvent, destinations: Map<string, Receiver>): Html {
  if (list.length === 0 && destinations.size === 0)
    return empty(
      "There is no destination yet",
      "A destination is a system of yours that hears of events. Once there is one, this event can be sent to it from here.",
      html`<a class="button primary" href="/destinations/new">New destination</a>`,
    );
  if (list.length === 0)
    return empty(
      "No destination wanted it",
      "No filter selected it when it came. Send it to a destination by hand below, or change a filter for the next ones.",
      html`<a class="button" href="/destinations">Destinations and their filters</a>`,
    );
  return html`${list.map((one) => attemptsOf(view, one, destinations.get(one.destination)))}`;
}

/** The form that sends it to a destination which did not want it. */
function elsewhere({ id, deliveries: list }: WholeEvent, destinations: Map<string, Receiver>): Html | null {
  const others = [...destinations].filter(([value]) => !list.some(({ destination }) => destination === value));
  if (others.length === 0) return null;
  const options = others.map(([value, { name, state: word }]): [string, string] => [value, word === "active" ? name : `${name} (${word})`]);
  return html`<div class="inline">${form(`/events/${id}/replay`, [
    choice(untyped, { name: "destination", label: "Send it to a destination that did not want it", isRequired: true, options }),
    html`<button>Send</button>`,
  ])}</div>`;
}

function uncalled(event: WholeEvent): Html {
  const why = event["kind"] === "operational" ? "This is news of our own" : "Nobody called: it was found in impact.com's API";
  return html`<p class="none">${why}, so there is no receipt.</p>`;
}
