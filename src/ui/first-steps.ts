import { button } from "./form.ts";
import { type Html, html } from "./html.ts";
import { state } from "./words.ts";

/** Which of the first steps were seen to be done. */
export interface FirstSteps {
  source: boolean;
  postback: boolean;
  destination: boolean;
  delivery: boolean;
}

/** The way to the first event in one's own system; `source` and `destination` are the ids of the latest ones. The next open step has the button. */
export function firstSteps(done: FirstSteps, { source, destination }: { source: string | null; destination: string | null }): Html {
  const next = (["source", "postback", "destination", "delivery"] as const).find((name) => !done[name]);
  const look = (name: keyof FirstSteps) => (name === next ? "button primary" : "button small");
  const seeOrMake = (name: "source" | "destination", id: string | null) =>
    html`<a class="${look(name)}" href="/${name}s/${id ?? "new"}">${id ? "See it" : "Make one"}</a>`;
  const steps: [name: keyof FirstSteps, title: string, words: string, action: Html | null][] = [
    ["source", "A source", "One impact.com account with a secret URL.", seeOrMake("source", source)],
    [
      "postback",
      "The first postback",
      "Paste the source's URL into impact.com, or call it with the command on its page.",
      source ? html`<a class="${look("postback")}" href="/sources/${source}/connect">Connect it</a>` : null,
    ],
    ["destination", "A destination", "A system of yours, a URL, and a filter.", seeOrMake("destination", destination)],
    [
      "delivery",
      "The first delivery",
      destination
        ? "The next postback that the filter selects goes there. Send it a test first."
        : "The next postback that the filter selects goes there. Make a destination first.",
      destination ? button("Send a test", `/destinations/${destination}/test`, { look: next === "delivery" ? "primary" : "small" }) : null,
    ],
  ];
  return html`<ol class="steps">${steps.map(
    ([name, title, words, action]) =>
      html`<li class="${done[name] ? "done" : ""}"><h2>${title} ${state(done[name] ? "done" : "to do")}</h2><p>${words}</p>${action ? html`<div class="row">${action}</div>` : null}</li>`,
  )}</ol>`;
}
