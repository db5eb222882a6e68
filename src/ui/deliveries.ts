import { deliveryStates } from "../domain/delivery.ts";
import { type AttemptView, attemptOf, type DeliveryOfEvent } from "./attempts.ts";
import { filters, pick, typedIn } from "./filters.ts";
import { button, input } from "./form.ts";
import { address, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, facts, live, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, count, state, when } from "./words.ts";

/** A delivery, as our API tells it. */
export type DeliveryView = DeliveryOfEvent & { created_at: string | null; updated_at: string | null; attempts?: AttemptView[] };

/** Deliveries, those of the newest events first. `names` are those of destinations, by id. */
export function deliveriesPage(view: View, deliveries: Listed<DeliveryView>, names: Map<string, string>): Page {
  const { state: wanted, destination, event } = view.query;
  const typed = typedIn(view);
  const search = filters(view, "/deliveries", [
    pick(typed, { name: "state", label: "State", of: [...deliveryStates] }),
    pick(typed, { name: "destination", label: "Destination", of: [...names] }),
    input(typed, { name: "event", label: "Event id" }),
  ]);
  const none =
    wanted || destination || event
      ? empty("Nothing fits", "No delivery fits these filters.", html`<a class="button" href="/deliveries">All deliveries</a>`)
      : empty(
          "Nothing was delivered yet",
          "A delivery is one event on its way to one destination. It begins when a postback comes that a destination's filter selects.",
          html`<a class="button primary" href="${names.size > 0 ? "/events" : "/destinations/new"}">${names.size > 0 ? "Events" : "New destination"}</a>`,
        );
  return {
    title: "Deliveries",
    lead: "What went where, attempt by attempt.",
    actions: html`<a class="button" href="/recoveries">Recoveries</a><a class="button${wanted === "exhausted" && deliveries.data.length > 0 ? " primary" : ""}" href="${address("/recoveries/new", { destination })}">Recover many</a>`,
    body: [search, list(view, "deliveries", deliveries, (data) => rows(view, data, names), none)],
  };
}

function rows(view: View, deliveries: DeliveryView[], names: Map<string, string>) {
  return table(
    "Deliveries",
    [
      { head: "State", cell: ({ id, state: word }) => html`<a href="/deliveries/${encodeURIComponent(id)}">${state(word)}</a>` },
      {
        head: "Destination",
        cell: ({ destination }) => html`<a href="/destinations/${destination}">${names.get(destination) ?? destination}</a>`,
      },
      { head: "Event", cell: ({ event }) => html`<a href="/events/${event}">${code(`…${event.slice(-12)}`)}</a>` },
      { head: "Attempts", isFigure: true, cell: ({ attempt_count }) => count(attempt_count) },
      { head: "Why", cell: ({ reason }) => reason ?? html`<span class="none">–</span>` },
      { head: "Last change", cell: ({ updated_at }) => when(updated_at, view.now) },
      { head: "Next attempt", cell: ({ next_attempt_at }) => when(next_attempt_at, view.now) },
    ],
    deliveries,
  );
}

/** One delivery, attempt by attempt. */
export function deliveryPage(view: View, delivery: DeliveryView, name: string): Page {
  const { id, event, destination, state: word, attempts = [] } = delivery;
  const path = `/deliveries/${encodeURIComponent(id)}`;
  const none = empty(
    "No attempt was made yet",
    "The first is made within moments, unless the destination is paused, or its limits make it wait.",
  );
  return {
    title: `Delivery to ${name}`,
    lead: html`Of <a href="/events/${event}">${event}</a>`,
    actions: html`${button("Send again", `${path}/retry`)}${button("Send again, built anew", `${path}/retry`, { values: { payload: "rebuilt" } })}`,
    body: [
      live(view, "delivery", [
        facts([
          ["State", state(word)],
          ["Why", delivery.reason],
          ["Destination", html`<a href="/destinations/${destination}">${name}</a>`],
          ["Next attempt", delivery.next_attempt_at ? when(delivery.next_attempt_at, view.now) : null],
          ["Selected", when(delivery.created_at, view.now)],
          ["Last change", when(delivery.updated_at, view.now)],
        ]),
        section(
          `Attempts (${count(attempts.length)})`,
          attempts.length === 0 ? none : attempts.toReversed().map((one) => attemptOf(view, one)),
        ),
      ]),
    ],
  };
}
