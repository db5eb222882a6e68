import { deliveryStates } from "../domain/delivery.ts";
import { type AttemptView, attemptOf, type DeliveryOfEvent, nextAttempt, type Receiver, sendAgain, whyOf } from "./attempts.ts";
import { filters, pick, typedIn } from "./filters.ts";
import { input } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, facts, live, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { count, state, when } from "./words.ts";

/** A delivery, as our API tells it. */
export type DeliveryView = DeliveryOfEvent & { created_at: string | null; updated_at: string | null; attempts?: AttemptView[] };

/** Deliveries, those of the newest events first. `receivers` are destinations and `events` the names of events, by id. */
export function deliveriesPage(
  view: View,
  deliveries: Listed<DeliveryView>,
  receivers: Map<string, Receiver>,
  events: Map<string, string>,
): Page {
  const { state: wanted, destination, event } = view.query;
  const typed = typedIn(view);
  const search = filters(view, "/deliveries", [
    pick(typed, { name: "state", label: "State", of: [...deliveryStates] }),
    pick(typed, { name: "destination", label: "Destination", of: [...receivers].map(([id, { name }]): [string, string] => [id, name]) }),
    input(typed, { name: "event", label: "Event id" }),
  ]);
  const none =
    wanted || destination || event
      ? empty("Nothing fits", "No delivery fits these filters.", html`<a class="button" href="/deliveries">All deliveries</a>`)
      : empty(
          "Nothing was delivered yet",
          "A delivery is one event on its way to one destination. It begins when a postback comes that a destination's filter selects.",
          html`<a class="button primary" href="${receivers.size > 0 ? "/events" : "/destinations/new"}">${receivers.size > 0 ? "Events" : "New destination"}</a>`,
        );
  return {
    title: "Deliveries",
    lead: "What went where, attempt by attempt.",
    actions: html`<a class="button" href="/recoveries">Recoveries</a><a class="button${wanted === "exhausted" && deliveries.data.length > 0 ? " primary" : ""}" href="${address("/recoveries/new", { destination })}">Recover many</a>`,
    body: [search, list(view, "deliveries", deliveries, (data) => rows(view, data, receivers, events), none)],
  };
}

function rows(view: View, deliveries: DeliveryView[], receivers: Map<string, Receiver>, events: Map<string, string>) {
  return table(
    "Deliveries",
    [
      { head: "Delivery of", cell: (one) => opened(one, receivers.get(one.destination), events.get(one.event) ?? one.event) },
      { head: "State", cell: ({ state: word }) => state(word) },
      {
        head: "Destination",
        cell: ({ destination }) => html`<a href="/destinations/${destination}">${receivers.get(destination)?.name ?? destination}</a>`,
      },
      { head: "Attempts", isFigure: true, cell: ({ attempt_count }) => count(attempt_count) },
      { head: "Why", cell: (one) => whyOf(one) ?? html`<span class="none">–</span>` },
      { head: "Last change", cell: ({ updated_at }) => when(updated_at, view.now) },
      { head: "Next attempt", cell: (one) => nextAttempt(view, one, receivers.get(one.destination)) ?? html`<span class="none">–</span>` },
    ],
    deliveries,
  );
}

function opened({ id, destination, state: word }: DeliveryView, receiver: Receiver | undefined, event: string): Html {
  const name = `Delivery of ${event} to ${receiver?.name ?? destination}, ${word}`;
  return html`<a class="long" href="/deliveries/${encodeURIComponent(id)}" aria-label="${name}">${event}</a>`;
}

/** One delivery, attempt by attempt. `of` is the name of its event. */
export function deliveryPage(view: View, delivery: DeliveryView, receiver: Receiver | undefined, of: string): Page {
  const { event, destination, state: word, attempts = [] } = delivery;
  const name = receiver?.name ?? destination;
  const none = empty(
    "No attempt was made yet",
    "The first is made within moments, unless the destination is paused, or its limits make it wait.",
  );
  return {
    title: `Delivery to ${name}`,
    lead: html`Of <a href="/events/${event}">${of}</a>`,
    actions: html`${sendAgain(delivery, "Send again")}${sendAgain(delivery, "Send again, built anew", { values: { payload: "rebuilt" } })}`,
    body: [
      live(view, "delivery", [
        facts([
          ["State", state(word)],
          ["Why", whyOf(delivery)],
          ["Destination", html`<a href="/destinations/${destination}">${name}</a>`],
          ["Next attempt", nextAttempt(view, delivery, receiver)],
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
