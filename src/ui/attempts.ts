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

/** A delivery attempt by attempt, the latest first, and the button that sends it again. */
export function attemptsOf(view: View, delivery: DeliveryOfEvent & { attempts?: AttemptView[] }, name: string): Html {
  const { id, destination, state: word, next_attempt_at, reason, attempts = [] } = delivery;
  return html`<article class="delivery">
<header class="row"><h3><a href="/destinations/${destination}">${name}</a></h3>${state(word)}${next_attempt_at ? html`<span class="note">next attempt ${when(next_attempt_at, view.now)}</span>` : null}${reason && word !== "delivered" ? html`<span class="note">${reason}</span>` : null}<span class="row">${button("Send again", `/deliveries/${encodeURIComponent(id)}/retry`, { look: "small" })}<a href="/deliveries/${encodeURIComponent(id)}">Open</a></span></header>
${attempts.length === 0 ? html`<p class="none">No attempt was made yet.</p>` : attempts.toReversed().map((attempt) => attemptOf(view, attempt))}
</article>`;
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
