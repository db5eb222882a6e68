import { type DestinationPulse, percentile } from "../domain/destination-pulse.ts";
import { type DestinationView, hostOf } from "./destination-view.ts";
import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type Listed, list } from "./list.ts";
import { empty, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, count, state, when } from "./words.ts";

const create = html`<a class="button primary" href="/destinations/new">New destination</a>`;
const gallery = html`<a class="button" href="/presets">Presets</a>`;

/** Destinations, how they are, and what became of their last day. */
export function destinationsPage(view: View, destinations: Listed<DestinationView>, pulses: DestinationPulse[]): Page {
  const none = empty(
    "No destination yet",
    "A destination is a system of yours that hears of events as signed webhooks: a ledger, a warehouse, a tracker, a chat. Name and URL are enough; a filter says of which events.",
    html`<span class="row">${create}${gallery}</span>`,
  );
  return {
    title: "Destinations",
    lead: "Systems of yours that hear of events, each by its own filter and at its own pace.",
    actions: destinations.data.length > 0 ? html`${gallery}${create}` : null,
    body: list(view, "destinations", destinations, (data) => rows(view, data, pulses), none),
  };
}

function rows(view: View, destinations: DestinationView[], pulses: DestinationPulse[]): Html {
  const pulsesOf = ({ id }: DestinationView) => pulses.filter(({ destinationId }) => destinationId === id);
  return table(
    "Destinations",
    [
      { head: "Name", cell: named },
      { head: "State", cell: stateOf },
      { head: "Health", cell: (one) => health(view, one) },
      { head: "Delivered, 24 h", cell: (one) => requests(pulsesOf(one)), isFigure: true },
      { head: "95 % within", cell: (one) => within(pulsesOf(one), 0.95), isFigure: true },
      {
        head: "Filter",
        cell: ({ filter }) => (filter ? html`<span class="clipped">${code(filter)}</span>` : html`<span class="none">every event</span>`),
      },
    ],
    destinations,
  );
}

function named({ id, name, url, preset }: DestinationView): Html {
  return html`<span class="long"><a href="/destinations/${id}">${name}</a><span class="under">${hostOf(url)}${preset === "standard-webhooks" ? null : html` · ${preset}`}</span></span>`;
}

/** How a destination stands, in one word: to one that is paused nothing is sent, so that it cannot fail. */
export function standingOf(word: string, failuresInARow: number): string {
  return word === "active" && failuresInARow > 0 ? "failing" : word;
}

/** Whether what is sent to it fails now. */
export function isFailing({ state: word, health: { failures_in_a_row } }: DestinationView): boolean {
  return standingOf(word, failures_in_a_row) === "failing";
}

/** The state of a destination, and why it is in it. */
export function stateOf({ state: word, state_reason, health: { failures_in_a_row } }: DestinationView): Html {
  return html`<span>${state(standingOf(word, failures_in_a_row))}${state_reason ? html`<span class="under">${state_reason}</span>` : null}</span>`;
}

/** How a destination has been answering; nothing is known of one that is sent nothing. */
function health(view: View, one: DestinationView): Html {
  if (one.state !== "active") return html`<span class="none">–</span>`;
  return isFailing(one) ? html`<span class="under bad">${failureOf(view, one)}</span>` : state("ok");
}

/** How often it failed, since when, and until when it is left alone. */
export function failureOf(view: View, { health: { failures_in_a_row, failing_since, breaker_open_until } }: DestinationView): Html {
  const since = when(failing_since, view.now);
  const waits = breaker_open_until !== null && Date.parse(breaker_open_until) > view.now;
  return html`${failures_in_a_row === 1 ? html`one attempt, ${since}` : html`${count(failures_in_a_row)} attempts in a row, the first ${since}`}${waits ? html`; next try ${when(breaker_open_until, view.now)}` : null}`;
}

function requests(pulses: DestinationPulse[]): Html {
  const { delivered, failed } = requestsOf(pulses);
  if (delivered + failed === 0) return html`<span class="none">–</span>`;
  return html`<span>${count(delivered)}${failed > 0 ? html`<span class="under bad">${count(failed)} failed</span>` : null}</span>`;
}

/** How many requests were delivered, and how many failed. */
export function requestsOf(pulses: DestinationPulse[]): { delivered: number; failed: number } {
  return {
    delivered: pulses.reduce((sum, { delivered }) => sum + delivered, 0),
    failed: pulses.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** The time that a share of the requests did not exceed, as words. */
export function within(pulses: DestinationPulse[], share: number): Html | string {
  return timeOf(percentile(pulses, share));
}

/** So long a request took, as words. */
export function timeOf(ms: number | null): Html | string {
  return ms === null ? html`<span class="none">–</span>` : ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}
