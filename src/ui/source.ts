import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, facts, figures, live, notice, section } from "./parts.ts";
import { callTable, type Heard } from "./source-calls.ts";
import { sourceTabs } from "./source-tabs.ts";
import type { Calls, SourceView } from "./sources.ts";
import type { View } from "./view.ts";
import { code, count, state, when } from "./words.ts";

/** What the page of a source knows besides the source. */
export interface Around {
  heard: Heard;
  /** Since yesterday; null when it was silent. */
  calls: Calls | null;
  alerts: string[];
  access: { account_sid: string; failure: string | null } | null;
}

/** One source: what it sent, whether all is well with it, and where to go on. */
export function sourcePage(view: View, source: SourceView, { heard, calls, alerts, access }: Around): Page {
  const { id, name, account } = source;
  const path = `/sources/${id}`;
  const of = (room: string) => address(room, { source: id });
  const isNew = heard.calls.length === 0 && heard.lastHour === null;
  const none = isNew
    ? empty(
        "It has not called yet",
        "Paste its URL into impact.com, or call it yourself; what came is shown at once.",
        html`<a class="button primary" href="${path}/connect">Connect it</a>`,
      )
    : notice("None of the latest calls is of this source.");
  return {
    title: name,
    lead: `A ${account} account of impact.com.`,
    body: [
      sourceTabs(id, ""),
      alerts.map((reason) => notice(html`<a href="${of("/alerts")}">${reason}</a>`, "bad")),
      live(view, "heard", [
        glance(view, source, heard, calls),
        section(
          "Latest calls",
          heard.calls.length > 0 ? callTable(view, heard.calls) : none,
          html`<a href="${of("/events")}">All events</a> <a href="${of("/quarantine")}">Quarantine</a>`,
        ),
      ]),
      section(
        "How it is set up",
        facts([
          ["API access", accessWords(path, access)],
          ["Own keys", mapping(path, source)],
          ["Required header", source.required_header ? code(source.required_header) : "none"],
          [
            "Other addresses",
            html`${policies[source.ip_policy] ?? source.ip_policy}${source.allowed_ips.length > 0 ? html`, listed: ${code(source.allowed_ips.join(", "))}` : null}`,
          ],
          [
            "A call is answered",
            html`${source.success_status} ${code(source.success_body)}, or ${source.invalid_status} if it is not valid`,
          ],
          ["A repeat", `any twin within ${source.dedupe_window} s, and the latest event's at any age`],
          ["Made", when(source.created_at, view.now)],
        ]),
        html`<a href="${path}/edit">Change</a>`,
      ),
      section(
        "Elsewhere",
        html`<ul class="links"><li><a href="${of("/reconciliations")}">Reconciliation</a>: what impact.com's API tells and no call did</li><li><a href="${of("/capture")}">Capture rate</a>: how much came by postback, by day</li><li><a href="${address("/alerts", { source: id, state: "all" })}">Alerts</a>: when it was silent, or odd</li></ul>`,
      ),
    ],
  };
}

/** What becomes of calls from addresses that are not listed. */
export const policies: Record<string, string> = {
  off: "may call",
  log: "may call, and are marked",
  enforce: "are refused, and kept in quarantine",
};

function glance(view: View, { id }: SourceView, { calls: latest, repeats, lastHour }: Heard, calls: Calls | null): Html {
  const last = latest[0]?.at ?? (lastHour === null ? null : new Date(lastHour).toISOString());
  return figures([
    { name: "Last call", value: last ? when(last, view.now) : "none yet" },
    { name: "Postbacks", value: count(calls?.received ?? 0), note: "since yesterday", href: address("/events", { source: id }) },
    { name: "Repeats", value: count(repeats), note: "answered, and no event" },
    {
      name: "Into quarantine",
      value: count(calls?.quarantined ?? 0),
      note: "since yesterday",
      href: address("/quarantine", { source: id }),
    },
  ]);
}

function accessWords(path: string, access: Around["access"]): Html {
  if (!access)
    return html`none, so nobody hears when an action locks, is paid, or a call is lost. <a href="${path}/access">Give access</a>`;
  return access.failure
    ? html`${state("failing")} ${access.failure} <a href="${path}/access">Mend it</a>`
    : html`${state("ok")} ${code(access.account_sid)}`;
}

function mapping(path: string, { mapping: pairs }: SourceView): Html {
  const all = Object.entries(pairs);
  if (all.length === 0) return html`none is mapped. <a href="${path}/keys">See what came</a>`;
  return html`${all.slice(0, 8).map(([key, macro], index) => html`${index > 0 ? ", " : null}${code(key)} → ${code(macro)}`)}${all.length > 8 ? ` and ${all.length - 8} more` : null}`;
}
