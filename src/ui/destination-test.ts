import { headersOf } from "./attempts.ts";
import { button } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { figures, fold, notice } from "./parts.ts";
import { indented } from "./preview.ts";
import { copyable, count, state } from "./words.ts";

/** How a request went. */
export interface Exchange {
  delivered: boolean;
  status: number | null;
  reason: string;
  latency_ms: number;
  request: { headers: Record<string, string> };
  response: { headers: Record<string, string>; body: string };
}

/** How a test of a destination went. `source` is the id of the latest source, from which a postback can be sent. */
export function testPage({ id, name }: { id: string; name: string }, exchange: Exchange, source: string | null): Page {
  const { delivered, reason } = exchange;
  const words = delivered
    ? html`It arrived. Next: the events that its filter selects go there by themselves.`
    : html`It did not arrive: ${reason}. Mend the far side or <a href="/destinations/${id}/edit">the settings</a>, then send it again.`;
  return {
    title: `Test of ${name}`,
    lead: "A sample event was sent now, signed as always. It is no event of yours, and in no list.",
    actions: html`${button("Send it again", `/destinations/${id}/test`)}<a class="button" href="/destinations/${id}">Destination</a>`,
    body: [notice(words, delivered ? "good" : "bad"), delivered ? onwards(id, source) : null, exchangeOf(exchange)],
  };
}

/** From a test that arrived to the first postback that does. */
function onwards(id: string, source: string | null): Html {
  return html`<div class="row"><a class="button primary" href="${source === null ? "/sources/new" : `/sources/${source}/connect`}">Send a postback</a><a class="button" href="${address("/deliveries", { destination: id })}">Its deliveries</a></div>`;
}

/** What was sent, and what came back. */
function exchangeOf({ delivered, status, reason, latency_ms, request, response }: Exchange): Html {
  const headers = headersOf(response.headers);
  return html`${figures([
    { name: "Result", value: state(delivered ? "delivered" : "failed"), note: reason },
    { name: "Status", value: status ?? "none" },
    { name: "Latency", value: `${count(latency_ms)} ms` },
  ])}
<div class="stack-small"><h3>Response body</h3>${response.body ? copyable(indented(response.body), "Response body") : html`<p class="none">None.</p>`}</div>
${headers ? html`<div class="stack-small"><h3>Response headers</h3>${copyable(headers, "Response headers")}</div>` : null}
${fold("Request headers", copyable(headersOf(request.headers), "Request headers"))}`;
}
