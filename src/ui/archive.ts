import { button } from "./form.ts";
import { address, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { empty, facts, notice, section, table } from "./parts.ts";
import type { View } from "./view.ts";
import { code, count, size } from "./words.ts";

/** One object of the archive. */
export interface PartView {
  key: string;
  lines: number;
  size: number;
}

/** What came of one call, and of those before it that it goes on from. */
export interface Restored {
  lines: number;
  restored: number;
  /** Where to go on; null at the end. */
  next: string | null;
}

const contents: [value: string, name: string][] = [
  ["events", "Events"],
  ["quarantine", "Calls in quarantine"],
];

/** The days that the archive has something of. */
export function daysPage(view: View, content: string, { data, next }: { data: string[]; next: string | null }): Page {
  const none = view.query["cursor"]
    ? empty("No later day", "The archive ends here.", html`<a class="button" href="${address("/archive", { content })}">The first day</a>`)
    : empty(
        "Nothing has gone to the archive yet",
        "What is older than RETENTION_DAYS goes there by itself, two hundred events at a time, by the day on which it arrived.",
        html`<a class="button" href="/settings">Retention, in the settings</a>`,
      );
  return {
    title: "Archive",
    lead: "What was moved out of D1 into R2, by the day of its arrival in UTC, oldest first. It can be read back.",
    body: [
      tabs(content, "/archive"),
      data.length === 0
        ? none
        : table(
            "Days",
            [
              { head: "Day", cell: (day) => html`<a href="${address(`/archive/${day}`, { content })}">${day}</a>` },
              { head: "Kept in R2 as", cell: (day) => code(`${content}/${day}/…`) },
            ],
            data,
          ),
      onward(view, next, "The first day", "Later days"),
    ],
  };
}

/** One day of the archive: its parts, and the way back into D1. */
export function dayPage(view: View, day: string, content: string, { data, next }: { data: PartView[]; next: string | null }): Page {
  const sum = (of: (part: PartView) => number) => data.reduce((total, part) => total + of(part), 0);
  const isWhole = next === null && !view.query["cursor"];
  return {
    title: `Archive of ${day}`,
    lead: html`<a href="${address("/archive", { content })}">All days</a>`,
    body: [
      tabs(content, `/archive/${day}`),
      data.length === 0
        ? empty(
            "Nothing of this day is here",
            "Either nothing of it arrived, or it is in D1 still.",
            html`<a class="button" href="${address("/events", { since: day })}">Events since then</a>`,
          )
        : [
            facts([
              ["Parts", isWhole ? count(data.length) : `${count(data.length)} on this page`],
              ["Lines", count(sum(({ lines }) => lines))],
              ["Size", size(sum((part) => part.size))],
            ]),
            section("Read it back", reading(day, content)),
            section(
              "Parts",
              table(
                "Parts",
                [
                  { head: "Object in R2", cell: ({ key }) => code(key) },
                  { head: "Lines", isFigure: true, cell: ({ lines }) => count(lines) },
                  { head: "Size", isFigure: true, cell: (part) => html`<span class="day">${size(part.size)}</span>` },
                ],
                data,
              ),
            ),
            onward(view, next, "The first parts", "More parts"),
          ],
    ],
  };
}

/** How far reading a day back has come. */
export function restoredPage(day: string, content: string, before: Pick<Restored, "lines" | "restored">, { next, ...now }: Restored): Page {
  const [lines, restored] = [before.lines + now.lines, before.restored + now.restored];
  const there = content === "events" ? address("/events", { since: day }) : address("/quarantine", { since: day });
  const isDone = next === null;
  return {
    title: isDone ? `${day} was read back` : `Reading ${day} back`,
    lead: html`<a href="${address(`/archive/${day}`, { content })}">The archive of this day</a>`,
    body: [
      notice(
        isDone ? "All of it was read." : "There is more: go on until all of it was read. What was read stays if you do not.",
        isDone ? "good" : "busy",
      ),
      facts([
        ["Lines read", count(lines)],
        ["Put back into D1", count(restored)],
        ["There already", count(lines - restored)],
      ]),
      isDone
        ? html`<div class="row"><a class="button primary" href="${there}">Look at what is there</a></div>`
        : button("Go on", `/archive/${day}/reingest`, {
            look: "primary",
            values: { content, cursor: next, lines: String(lines), restored: String(restored) },
          }),
    ],
  };
}

function reading(day: string, content: string): Html {
  return html`<p>Its rows are written back as they were, and stay for a week at least. What is there already stays as it is, and nothing is delivered again; a recovery can send it meanwhile.</p>
<div>${button("Read this day back", `/archive/${day}/reingest`, { look: "primary", values: { content }, question: `Read ${day} back into D1? It costs about as many written rows as storing it did.` })}</div>`;
}

function tabs(content: string, path: string): Html {
  return html`<nav class="tabs" aria-label="What is in it"><ul>${contents.map(
    ([value, name]) =>
      html`<li><a href="${address(path, { content: value })}"${value === content ? html` aria-current="page"` : null}>${name}</a></li>`,
  )}</ul></nav>`;
}

/** The archive is leafed through from its beginning. */
function onward({ path, query }: View, next: string | null, first: string, more: string): Html {
  const { cursor, ...rest } = query;
  return html`<nav class="pager" aria-label="Leaf through">${cursor ? html`<a class="button" href="${address(path, rest)}">${first}</a>` : null}${next ? html`<a class="button" rel="next" href="${address(path, { ...rest, cursor: next })}">${more}</a>` : null}</nav>`;
}
