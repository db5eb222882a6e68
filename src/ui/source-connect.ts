import { second } from "../domain/time.ts";
import { form, input, mistakes, type Typed } from "./form.ts";
import { type Content, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { fold, live, notice, section } from "./parts.ts";
import { type Heard, seen } from "./source-calls.ts";
import { type Pasteable, pasting } from "./source-paste.ts";
import { sourceTabs } from "./source-tabs.ts";
import type { SourceView } from "./sources.ts";
import type { View } from "./view.ts";
import { code, copyable, when } from "./words.ts";

/** What the page knows besides the source. */
export interface Connecting {
  /** The token, while it may be shown. */
  token: string | null;
  heard: Heard;
  isMacro: (name: string) => boolean;
  hasDestination: boolean;
}

/**
 * From a source to its first postback: what to paste and where, a call to try it, and what was seen. On one's own machine, which
 * impact.com cannot call, the trying comes first.
 */
export function connectPage(view: View, typed: Typed, source: SourceView & Pasteable, about: Connecting): Page {
  const { token, heard } = about;
  const isHere = isLocal(view.origin);
  const note = tokenNote(view, token);
  const paste: Part = ["Paste into impact.com", [guide(view, source), pasting(source, token, token !== null || heard.calls.length === 0)]];
  const proof: Part[] = [
    ["Try it yourself", trying(view, source, token)],
    ["What came", cameOf(view, source, about)],
  ];
  const parts = isHere ? [...proof, paste] : [paste, ...proof];
  return {
    title: `Connect ${source.name}`,
    lead: isHere ? "Call it yourself, and watch the first call arrive." : "Paste a URL into impact.com, and watch the first call arrive.",
    body: [
      sourceTabs(source.id, "/connect"),
      mistakes(typed),
      parts.map(([title, body], index) => section(`${index + 1}. ${title}`, index === 0 ? [note, body] : body)),
      html`<div id="token">${section("A new token", rotation(view, typed, source))}</div>`,
    ],
  };
}

type Part = [title: string, body: Content];

function cameOf(view: View, source: SourceView, { heard, isMacro, hasDestination }: Connecting): Html {
  return live(view, "seen", [
    seen(view, source.id, heard, isMacro),
    heard.calls.some(({ event }) => event) && !hasDestination
      ? html`<p>It works. Next: say where events go. <a class="button primary" href="/destinations/new">New destination</a></p>`
      : null,
  ]);
}

function tokenNote({ origin }: View, token: string | null): Html {
  if (token !== null)
    return notice("The token stands in these URLs. It is shown in this browser for ten minutes, and nowhere else: paste now.", "good");
  return notice(
    html`${code("{token}")} stands for the source's token, which was shown once.${isLocal(origin) ? html` That of the first source is printed by ${code("npm start")}.` : null} If you do not have it any more, <a href="#token">make a new one</a>: the old one stays good for a while.`,
  );
}

function guide({ origin }: View, { success_body, required_header }: SourceView): Html {
  return html`<ol class="guide">
<li>In impact.com, open <strong>Settings → Event Notifications</strong>. What is set there is for the whole account; a postback of a single brand's event type is told when an action is tracked, and of no change or reversal.</li>
<li>Choose the kind of notification, and GET or POST. Paste what stands below for that kind, as it is: impact.com fills in what is in braces.</li>
<li>${success_body ? html`If you fill in a Success Response, write ${code(success_body)}: that is what a call is answered. ` : null}Leave the Error Response empty.${required_header ? html` Fill in the HTTP Header: this source requires ${code(required_header)}.` : null}</li>
</ol>
<p class="hint">What is paid, inquired or exported has kinds of its own: set up each that you want. A lifecycle call comes within 15 minutes of what it tells.</p>
${isLocal(origin) ? notice(html`This Worker runs on your own machine, where impact.com cannot call it: try it with the command above. ${code("npm run deploy")} gives it an address that impact.com can call.`) : null}`;
}

/** Whether the Worker runs on the reader's machine, by `npm start`. */
function isLocal(origin: string): boolean {
  return /^http:\/\/(127\.|localhost\b)/.test(origin);
}

function trying(view: View, source: SourceView & Pasteable, token: string | null): Html {
  const url = (source.urls["action-lifecycle"] ?? "").replaceAll("{token}", token ?? "{token}");
  const id = `1000.4636.${Math.floor(view.now / second) % 1_000_000}`;
  const query = `action_id=${id}&status=PENDING&payout=0.88&delta_payout=0.88&amount=21.99&delta_amount=21.99&currency=USD`;
  const header = source.required_header ? ` -H '${source.required_header}: …'` : "";
  return html`<p>A sale of 21.99 USD, as impact.com would tell it. Run it twice: the second call is answered as a repeat.</p>${copyable(`curl -i${header} '${url}?${query}'`, "A call to try")}${token === null ? html`<p class="hint">Put the token in the place of ${code("{token}")}.</p>` : null}`;
}

function rotation(view: View, typed: Typed, source: SourceView): Html {
  const until = source.previous_token_until;
  const isTwo = until !== null && Date.parse(until) > view.now;
  return html`${isTwo ? notice(html`Two tokens are good: the one before ends ${when(until, view.now)}. Paste the new URLs into impact.com until then.`) : null}${fold(
    "Make a new token",
    html`<p>For when a token is lost, or somebody has it who should not. The old one stays good for the time you give it, so that no call is lost while you paste the new one.</p>${form(
      `/sources/${source.id}/token`,
      [
        input(typed, {
          name: "grace",
          label: "Seconds for which the old token stays good",
          type: "number",
          value: 86_400,
          isRequired: true,
          hint: "86 400 is a day, and 604 800 a week, the most. 0: it ends at once.",
        }),
        html`<div><button data-confirm="Make a new token? Its URLs must be pasted into impact.com.">Make a new token</button></div>`,
      ],
    )}`,
    typed.mistakes.length > 0,
  )}`;
}
