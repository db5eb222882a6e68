import { type EventView, textOf } from "./events.ts";
import { button, form, input, untyped } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, fold, live, notice, section } from "./parts.ts";
import { mappingForm, type UnknownKey } from "./source-mapping.ts";
import type { SourceView } from "./sources.ts";
import type { View } from "./view.ts";
import { code, copyable, money, state, when } from "./words.ts";

/** What to paste for a kind. */
interface Pasteable {
  urls: Record<string, string>;
  templates: Record<string, { get: string; post: string; unverified: string[] }>;
}

/** What came from a source last: an event, or what could not become one. */
export interface Seen {
  event: EventView | null;
  quarantined: { id: string; kind: string; detail: string; received_at: string | null } | null;
}

/** What the page of a source knows besides the source. */
export interface Around {
  token: string | null;
  seen: Seen;
  unknown: UnknownKey[];
  macros: string[];
  ips: string[];
  access: { account_sid: string; failure: string | null } | null;
}

/** One source: what to paste into impact.com, what came, how its keys are read, who may call. */
export function sourcePage(view: View, source: SourceView & Pasteable, around: Around): Page {
  const path = `/sources/${source.id}`;
  const last = section("The last call", live(view, "seen", seenOf(view, around.seen)));
  const paste = section("What to paste into impact.com", pasting(source, around.token));
  return {
    title: source.name,
    lead: html`A ${source.account} account. <a href="${address("/events", { source: source.name })}">Its events</a>, <a href="${address("/quarantine", { source: source.name })}">its quarantine</a>, <a href="${address("/reconciliations", { source: source.name })}">its reconciliation</a>`,
    actions: html`<a class="button" href="${path}/edit">Settings</a>`,
    body: [
      ...(around.token === null ? [last, paste] : [paste, last]),
      section("Keys", mappingForm(source, around.unknown, around.macros)),
      section(
        "Access to impact.com's API",
        access(path, around.access),
        html`<a href="${path}/access">${around.access ? "Change" : "Give access"}</a>`,
      ),
      section("Who may call", who(view, source, around.ips), html`<a href="${path}/edit">Change</a>`),
    ],
  };
}

function seenOf(view: View, { event, quarantined }: Seen): Html {
  if (!event && !quarantined)
    return notice(html`Waiting for the first call. It appears here by itself, within a few seconds. Try it with the command below.`);
  const isLater = quarantined && (!event || String(quarantined.received_at) > String(event["received_at"]));
  if (quarantined && isLater)
    return html`${notice(html`The last call, ${when(quarantined.received_at, view.now)}, could not be read: ${quarantined.detail}`, "bad")}<p><a href="/quarantine/${quarantined.id}">Look at it</a></p>`;
  if (!event) return html``;
  const warnings = (event["warnings"] ?? []) as { detail: string; field?: string }[];
  return html`${facts([
    ["Arrived", html`${when(textOf(event["received_at"]), view.now)}, as <a href="/events/${event.id}">${event.type}</a>`],
    [
      "Action",
      event["action_id"] ? code(textOf(event["action_id"])) : event["kind"] === "action-lifecycle" ? "the template has no action id" : null,
    ],
    ["Status", event["status"] ? state(textOf(event["status"])) : null],
    ["Payout", event["payout"] ? money(textOf(event["payout"]), textOf(event["currency"])) : null],
    [
      "Odd",
      warnings.length > 0
        ? html`<ul>${warnings.map(({ field, detail }) => html`<li>${field ? html`${code(field)}: ` : null}${detail}</li>`)}</ul>`
        : "nothing",
    ],
  ])}`;
}

function pasting(source: SourceView & Pasteable, token: string | null): Html {
  const shown = (text: string) => (token === null ? text : text.replaceAll("{token}", token));
  const path = `/sources/${source.id}`;
  const kinds = Object.entries(source.templates).map(([kind, { get, post, unverified }], index) =>
    fold(
      html`<code>${kind}</code>`,
      html`<h3>GET, which impact.com recommends: the URL</h3>${copyable(shown(get), `URL for GET, ${kind}`)}
<h3>Or POST: the URL, and the body as JSON</h3>${copyable(shown(source.urls[kind] ?? ""), `URL for POST, ${kind}`)}${copyable(post, `Body for POST, ${kind}`)}
${unverified.length > 0 ? html`<p class="hint">Not seen in impact.com's documents, so leave out what impact.com does not offer: ${unverified.join(", ")}.</p>` : null}`,
      index === 0,
    ),
  );
  const url = shown(source.urls["action-lifecycle"] ?? "");
  const curl = `curl '${url}?action_id=1000.4636.158133&status=PENDING&payout=0.88&delta_payout=0.88&amount=21.99&delta_amount=21.99&currency=USD'`;
  return html`
${
  token === null
    ? notice(
        html`<code>{token}</code> stands for the source's token. It was shown once; if it is lost, <a href="#rotate">make a new one</a>.`,
      )
    : notice("The token is shown for ten minutes in this browser, and nowhere else. Paste now.", "good")
}
<p>In impact.com, under <strong>Settings → Event Notifications</strong>, choose the kind of notification and paste its URL. Modifications and reversals are sent by
notifications of the account; a postback of a single brand's event tells of tracking only.</p>
${kinds}
${fold("Try it yourself", html`${copyable(curl, "A call to try")}`, token !== null)}
<div id="rotate">${fold(
    "A new token",
    html`<p>The old token stays good for the time you give it, so that no call is lost while you paste the new one.</p>${form(
      `${path}/token`,
      [
        input(untyped, { name: "grace", label: "Seconds for which the old token stays good", type: "number", value: 86_400 }),
        html`<button data-confirm="Make a new token? Its URLs must be pasted into impact.com.">Make a new token</button>`,
      ],
    )}`,
  )}</div>`;
}

function access(path: string, connection: Around["access"]): Html {
  if (!connection)
    return notice(
      html`None. impact.com sends no postback when an action locks or is paid, and none again for a call that it gave up. With access, what is missing is found each hour. <a href="${path}/access">Give access</a>`,
    );
  return facts([
    ["AccountSID", code(connection.account_sid)],
    ["State", connection.failure ? html`${state("failing")} ${connection.failure}` : state("ok")],
  ]);
}

function who(view: View, source: SourceView, ips: string[]): Html {
  return facts([
    [
      "Token",
      source.previous_token_until && Date.parse(source.previous_token_until) > view.now
        ? html`the one before is good until ${when(source.previous_token_until, view.now)}`
        : "one",
    ],
    ["Required header", source.required_header ? code(source.required_header) : "none"],
    ["Addresses", html`${source.ip_policy}${source.allowed_ips.length > 0 ? html`: ${code(source.allowed_ips.join(", "))}` : null}`],
    ["Recent calls came from", ips.length > 0 ? code(ips.join(", ")) : null],
  ]);
}

/** The form of a source's access to impact.com's API. */
export function removeAccess(path: string): Html {
  return button("Take the access away", `${path}/api`, {
    method: "DELETE",
    look: "danger",
    question: "Take the access away? Its credentials are forgotten.",
  });
}
