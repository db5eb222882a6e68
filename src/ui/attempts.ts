import { formatInstant, type Instant, second } from "../domain/time.ts";
import { button } from "./form.ts";
import { type Html, html } from "./html.ts";
import { fold } from "./parts.ts";
import type { View } from "./view.ts";
import { code, copyable, count, exact, state, when } from "./words.ts";

/** One request to a destination, and how it ended. */
export interface AttemptView {
  number: number;
  at: string | null;
  delivered: boolean;
  status: number | null;
  reason: string;
  latency_ms: number;
  request: { headers: Record<string, string> };
  response: { headers: Record<string, string>; body: string };
  next_attempt_at: string | null;
}

/** A delivery, as our API tells it. */
export interface DeliveryOfEvent {
  id: string;
  event: string;
  destination: string;
  state: string;
  attempt_count: number;
  next_attempt_at: string | null;
  reason: string | null;
}

/** A destination, as what is on its way to it sees it. */
export interface Receiver {
  name: string;
  state: string;
  /** Until when its breaker lets nothing through. */
  openUntil: Instant | null;
}

/** A delivery attempt by attempt, the latest first, and the button that sends it again. */
export function attemptsOf(view: View, delivery: DeliveryOfEvent & { attempts?: AttemptView[] }, receiver: Receiver | undefined): Html {
  const { id, destination, state: word, next_attempt_at, attempts = [] } = delivery;
  const why = word === "delivered" ? null : whyOf(delivery);
  const name = receiver?.name ?? destination;
  const next = next_attempt_at && (waiting(view, next_attempt_at, receiver) ?? html`next attempt ${dueAt(view, next_attempt_at)}`);
  return html`<article class="delivery">
<header class="row"><h3><a href="/destinations/${destination}">${name}</a></h3>${state(word)}${next ? html`<span class="note">${next}</span>` : null}${why ? html`<span class="note">${why}</span>` : null}<span class="row">${sendAgain(delivery, "Send again", { look: "small" })}<a href="/deliveries/${encodeURIComponent(id)}" aria-label="Open the delivery to ${name}, ${word}">Open</a></span></header>
${attempts.length === 0 ? html`<p class="none">No attempt was made yet.</p>` : attempts.toReversed().map((attempt) => attemptOf(view, attempt))}
</article>`;
}

/** The button that sends a delivery again. It asks first where that makes the same arrive twice. */
export function sendAgain(
  { id, state: word }: DeliveryOfEvent,
  label: string,
  options: { look?: string; values?: Record<string, string> } = {},
): Html {
  const asks = word === "delivered" ? { question: "This was delivered already. Send it once more?" } : {};
  return button(label, `/deliveries/${encodeURIComponent(id)}/retry`, { ...options, ...asks });
}

/**
 * Why a delivery is in its state. One that waits although it had ended, as its last attempt tells (or where attempts are not known, an
 * answer that delivers), was sent again by hand.
 */
export function whyOf({ state: word, reason, attempts }: DeliveryOfEvent & { attempts?: AttemptView[] }): string | null {
  if (word !== "pending" || reason === null) return reason;
  const last = attempts?.at(-1);
  const hadEnded = last ? last.next_attempt_at === null && last.reason === reason : /^answered 2/.test(reason);
  return hadEnded ? `sent again by an operator; before: ${reason}` : reason;
}

/** When a delivery is tried next, or what keeps it waiting; null when it is not tried again. */
export function nextAttempt(view: View, { next_attempt_at: at }: DeliveryOfEvent, receiver: Receiver | undefined): Html | null {
  return at === null ? null : (waiting(view, at, receiver) ?? dueAt(view, at));
}

/** What keeps it waiting past its time. */
function waiting({ now }: View, at: string, receiver: Receiver | undefined): Html | null {
  if (!receiver) return null;
  const { state: word, openUntil } = receiver;
  if (word !== "active") return html`waits: the destination is ${word}`;
  if (openUntil === null || openUntil - now < second || openUntil < Date.parse(at)) return null;
  return html`waits: breaker open, next try ${when(formatInstant(openUntil), now)}`;
}

function dueAt({ now }: View, at: string): Html {
  return Date.parse(at) - now < second ? html`due` : when(at, now);
}

/** One attempt: in a line, and opened with what was sent and what came back. */
export function attemptOf(
  view: View,
  { number, at, delivered, status, reason, latency_ms, request, response, next_attempt_at }: AttemptView,
): Html {
  const line = html`Attempt ${number} ${state(delivered ? "delivered" : "failed")} ${status === null ? null : code(String(status))} <small>${reason}, ${count(latency_ms)} ms, ${when(at, view.now)}</small>`;
  return fold(
    line,
    html`<p class="note">${at && exact(at)}${next_attempt_at ? `; the next one was due ${exact(next_attempt_at)}` : null}</p>
<h4>Request headers</h4>${copyable(headersOf(request.headers), `Request headers of attempt ${number}`)}
<h4>Response</h4>${copyable(`${headersOf(response.headers)}\n\n${response.body}`.trim() || "nothing", `Response to attempt ${number}`)}`,
  );
}

/** Headers as they stand in a request, one a line. */
export function headersOf(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}
