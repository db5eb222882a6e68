import { type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { type FileView, filesSection } from "./matter-files.ts";
import { linkTo, type MatterView, type MatterWords } from "./matters.ts";
import { facts, section } from "./parts.ts";
import type { View } from "./view.ts";
import { code, state, when } from "./words.ts";

/** One inquiry, request or job, as our API tells it. */
export interface OneMatter extends MatterView {
  /** Of a job. */
  files?: FileView[];
  events: MatterEvent[];
}

interface MatterEvent {
  id: string;
  type: string;
  [name: string]: unknown;
}

/** One inquiry, request or job: how it stands, its results, what was told of it. */
export function matterPage(view: View, { title, path, noun }: MatterWords, matter: OneMatter): Page {
  const { id, source, status, action_id, events, files } = matter;
  return {
    title: `${noun[0]?.toUpperCase()}${noun.slice(1)} ${id}`,
    lead: html`One of the <a href="${path}">${title.toLowerCase()}</a>, as ${source} told it.`,
    body: [
      facts([
        ["Status", state(status)],
        ["Action", action_id === undefined ? null : linkTo(action_id)],
        ["First heard", when(matter.first_heard_at, view.now)],
        ["Last heard", when(matter.last_heard_at, view.now)],
      ]),
      files ? filesSection(view, matter, files) : null,
      section("What was told", timeline(view, events), html`<span class="note">In order of effect</span>`),
      section(`The ${noun} in impact.com's words`, fieldsOf(events), html`<span class="note">As of the last event</span>`),
    ],
  };
}

function timeline({ now }: View, events: MatterEvent[]): Html {
  return html`<ol class="timeline">${events.map(
    ({ id, type, status, received_at, origin }) =>
      html`<li><div class="what"><h3>${type}</h3> ${typeof status === "string" ? state(status) : null}</div>
<p class="note">Learned ${when(String(received_at), now)} by ${String(origin)} · <a href="/events/${encodeURIComponent(id)}">event</a></p></li>`,
  )}</ol>`;
}

function fieldsOf(events: MatterEvent[]): Html {
  const fields = Object.entries((events.at(-1)?.["fields"] ?? {}) as Record<string, unknown>);
  if (fields.length === 0) return html`<p class="none">The event had no fields.</p>`;
  return facts(fields.map(([name, value]) => [name, /^https?:/.test(String(value)) ? code(String(value)) : String(value)]));
}
