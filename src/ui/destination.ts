import type { DestinationPulse } from "../domain/destination-pulse.ts";
import { charts, shareOf } from "./destination-health.ts";
import { keysPart, secretOf, type Told } from "./destination-keys.ts";
import { type DestinationView, durationOf, hostOf } from "./destination-view.ts";
import { failureOf, isFailing, requestsOf, standingOf, within } from "./destinations.ts";
import { button } from "./form.ts";
import { address, type Content, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, facts, figures, fold, live, notice, section } from "./parts.ts";
import type { View } from "./view.ts";
import { code, copyable, count, state } from "./words.ts";

export type Shown = DestinationView & { signing_keys?: KeyView[] };

/** A signing key, without its secret. */
export interface KeyView {
  version: string;
  public_key: string | null;
  created_at: string | null;
  until: string | null;
}

/** What of a destination is not its settings: how its last day was, and what is open. */
export interface Standing {
  pulses: DestinationPulse[];
  /** Deliveries that wait, and that were given up; each counted up to `most`. */
  open: { pending: number; exhausted: number; most: number };
  /** Why what was sent last did not arrive, if it fails and that is known. */
  reason: string | null;
}

/** One destination: how it is, what it gets, and what can be done about it. */
export function destinationPage(view: View, one: Shown, standing: Standing, told: Told | null): Page {
  const path = `/destinations/${one.id}`;
  return {
    title: one.name,
    lead: html`${state(standingOf(one.state, one.health.failures_in_a_row))} Sends to ${hostOf(one.url)}.`,
    actions: actions(one, path, standing.pulses.length === 0),
    body: [
      told?.secret ? secretOf(told.secret) : null,
      one.state === "active"
        ? null
        : notice(
            html`It is ${one.state}${one.state_reason ? html` (${one.state_reason})` : null}. Its deliveries are held; when it is resumed they are sent, as fast as its limits let them.`,
          ),
      live(view, "failing", isFailing(one) ? failing(view, one, standing, path) : null),
      lately(view, one, standing),
      section("What it gets", settings(one), html`<a class="button small" href="${path}/preview">Preview a request</a>`),
      section("Signing keys", keysPart(view, one)),
      deletion(path),
    ],
  };
}

/** Of one that was sent nothing yet a test is the next step. */
function actions({ state: word }: Shown, path: string, isQuiet: boolean): Html {
  const turn =
    word === "active"
      ? button("Pause", path, { method: "PATCH", values: { state: "paused" } })
      : button("Resume", path, { method: "PATCH", values: { state: "active" }, look: "primary" });
  const look = isQuiet && word === "active" ? "primary" : "";
  return html`${button("Send a test", `${path}/test`, { look })}${turn}<a class="button" href="${path}/edit">Change</a>`;
}

function failing(view: View, one: Shown, { open, reason }: Standing, path: string): Html {
  const waiting = open.pending === 1 ? "1 delivery waits" : `${upTo(open.pending, open.most)} deliveries wait`;
  return html`<div class="stack-small">${notice(html`It is failing: ${failureOf(view, one)}.${reason ? html` Why: ${reason.replace(/\.$/, "")}.` : null} ${open.pending === 0 ? null : html`<a href="${address("/deliveries", { destination: one.id, state: "pending" })}">${waiting}</a>.`}`, "bad")}
<div class="row">${button("Send a test", `${path}/test`)}${open.exhausted > 0 ? html`<a class="button" href="${address("/recoveries/new", { destination: one.id })}">Recover</a>` : null}</div></div>`;
}

function upTo(size: number, most: number): string {
  return size >= most ? `${count(most)} or more` : count(size);
}

function lately(view: View, one: Shown, { pulses, open }: Standing): Html {
  const { delivered, failed } = requestsOf(pulses);
  const deliveries = (wanted: string | undefined) => address("/deliveries", { destination: one.id, state: wanted });
  const glance = figures([
    { name: "Delivered", value: count(delivered), href: deliveries("delivered") },
    { name: "Failed attempts", value: count(failed), note: shareOf(failed, delivered + failed) },
    { name: "Latency", value: within(pulses, 0.5), note: delivered + failed > 0 ? html`95 % within ${within(pulses, 0.95)}` : null },
    { name: "Waiting now", value: upTo(open.pending, open.most), href: deliveries("pending") },
    {
      name: "Given up",
      value: upTo(open.exhausted, open.most),
      href: deliveries("exhausted"),
      note: open.exhausted > 0 ? "can be sent again" : null,
    },
  ]);
  const quiet = empty(
    "No request was sent in the last 24 hours",
    "Send a test, or look at which events the filter selects.",
    html`<a class="button" href="/destinations/${one.id}/edit">Look at the filter</a>`,
  );
  return section(
    "The last 24 hours",
    [live(view, "lately", glance), delivered + failed > 0 ? charts(view, pulses, 1) : quiet],
    html`<a href="${deliveries(undefined)}">Its deliveries</a><a href="/destinations/${one.id}/health?days=7">7 days</a>`,
  );
}

function settings(one: Shown): Html {
  const names = (values: Record<string, string>): Content =>
    Object.keys(values).length > 0 ? Object.keys(values).map((name, index) => html`${index > 0 ? ", " : null}${code(name)}`) : null;
  return facts([
    ["Request", code(`${one.method} ${one.url}`)],
    ["Filter", one.filter ? html`<code class="filter">${one.filter}</code>` : "none: every event, but not our own news"],
    ["Preset", html`<a href="/presets">${one.preset}</a>`],
    ["Body", one.body ? copyable(one.body, "Body") : null],
    ["Headers", names(one.headers)],
    ["Secrets for templates", names(one.secrets)],
    ["Authentication", one.auth.type === "none" ? "the signature alone" : one.auth.type],
    ["Through the binding", one.via ? code(one.via) : null],
    ["Timeout", `${one.timeout} s`],
    ["Pauses between attempts", one.retry_schedule.map((pause) => durationOf(pause)).join(", ") || "none: one attempt only"],
    ["Rate", one.rate_limit ? `${count(one.rate_limit.limit)} a ${one.rate_limit.period} at the most` : null],
    ["Under way at once", one.concurrency === null ? null : `${count(one.concurrency)} at the most`],
    ["Order", one.ordered ? "events of one action arrive in order of effect" : null],
    ["Once", one.once_per_action ? "only the first selected event of each action" : null],
    ["Id", code(one.id)],
  ]);
}

function deletion(path: string): Html {
  return fold(
    "Delete this destination",
    html`<p>Its secrets are erased, and what it still had to get is cancelled. Its history stays. To stop it for a while, pause it.</p>
${button("Delete for good", path, { method: "DELETE", look: "danger", question: "Delete this destination? Its secrets are erased, and what it still had to get is cancelled." })}`,
  );
}
