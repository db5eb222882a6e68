import { type DeliveryState, deliveryStates } from "../domain/delivery.ts";
import { form } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { figures, notice, section } from "./parts.ts";
import { count } from "./words.ts";

/** What a recovery would open again, as our API tells it. */
export interface Preview {
  count: number;
  is_complete: boolean;
  first: string[];
}

/** What a preview is shown with: the oldest deliveries of it by name; where there are none, those that there are. */
export interface Around {
  /** Where it would go, in words. */
  to: string;
  first: { id: string; event: string; destination: string }[];
  /** In which states the latest deliveries are; null where it is not asked. */
  latest: DeliveryState[] | null;
  /** Whether these are all that there are. */
  isAll: boolean;
}

/** What a recovery would open again, and the button that begins it. `typed` is what was asked for. */
export function recoveryPreviewPage({ count: size, is_complete }: Preview, typed: Record<string, string>, around: Around): Page {
  const hidden = Object.entries(typed).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
  const rate = Math.max(1, Number(typed["rate"]) || 1);
  const begin = form("/recoveries", [hidden, html`<button class="primary">Start the recovery</button>`]);
  const isNothing = size === 0 && is_complete;
  const isTwice = !isNothing && typed["state.delivered"] === "on";
  return {
    title: "Preview",
    lead: "Nothing was sent yet.",
    body: [
      figures([
        { name: "Would be sent again", value: is_complete ? count(size) : `${count(size)} or more` },
        { name: "At the least it takes", value: duration(size / rate) },
      ]),
      isTwice ? notice("Deliveries that have arrived already are among what you asked for. They will arrive twice.") : null,
      isNothing ? nothing(typed, around) : null,
      around.first.length > 0 ? section("The oldest", html`<ul>${around.first.map(named)}</ul>`) : null,
      html`<div class="row">${isNothing ? null : begin}<a class="button${isNothing ? " primary" : ""}" href="${address("/recoveries/new", typed)}">Change it</a></div>`,
    ],
  };
}

function named({ id, event, destination }: Around["first"][number]): Html {
  return html`<li><a href="/deliveries/${encodeURIComponent(id)}">${event}</a> to ${destination}</li>`;
}

/** Nothing fits: then in which states deliveries are, so that one can ask for others. */
function nothing(typed: Record<string, string>, { to, latest, isAll }: Around): Html {
  const asked = deliveryStates.filter((one) => typed[`state.${one}`] === "on").join(" or ");
  const isNarrow = Boolean(typed["since"] || typed["until"] || typed["filter"]);
  const left = typed["state.pending"] === "on" ? " What is pending and due within a minute is left alone." : "";
  const said = `Nothing would be sent: no delivery to ${to} is ${asked}${isNarrow ? ", of these times and this filter" : ""}.${left}`;
  const { destination } = typed;
  const counts = deliveryStates.map((state) => ({ state, many: latest?.filter((one) => one === state).length ?? 0 }));
  const shown = counts.flatMap(({ state, many }) =>
    many === 0 ? [] : [{ name: state, value: count(many), href: address("/deliveries", { state, destination }) }],
  );
  const title = isAll ? `All deliveries to ${to}` : `The latest ${count(latest?.length ?? 0)} deliveries to ${to}`;
  return html`${notice(said)}${shown.length > 0 ? section(title, figures(shown)) : html`<p>${isAll ? `There is no delivery to ${to} yet.` : `Nothing went to ${to} of late.`}</p>`}`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 7200 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}
