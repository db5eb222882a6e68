import { form, input, type Typed, untyped } from "./form.ts";
import { type Content, type Html, html } from "./html.ts";
import type { Page } from "./layout.ts";
import { facts, notice } from "./parts.ts";
import { copyable } from "./words.ts";

/** A request as it would be sent, with its secrets hidden. */
export interface Preview {
  event: string;
  is_sample: boolean;
  is_selected: boolean;
  request: { method: string; url: string; headers: Record<string, string>; body: string | null };
}

/** What a destination would be sent about an event. */
export function previewPage(
  preview: Preview | null,
  { destination, event, typed = untyped }: { destination?: string | undefined; event?: string | undefined; typed?: Typed },
): Page {
  const ask = form("/destinations/preview", [
    destination ? html`<input type="hidden" name="destination" value="${destination}">` : null,
    input(typed, {
      name: "event",
      label: "Event id",
      value: event,
      placeholder: "evt_…",
      hint: "Left empty: the latest event that the filter selects, else a sample.",
    }),
    html`<button class="primary">Preview</button>`,
  ]);
  return {
    title: "Preview",
    lead: "The request as it would be sent about an event. Nothing is sent, and secrets are hidden.",
    actions: destination
      ? html`<a class="button" href="/destinations/${destination}">Destination</a><a class="button" href="/destinations/${destination}/edit">Change</a>`
      : null,
    body: [ask, preview ? previewPart(preview) : null],
  };
}

/** The request, to be read line by line. */
export function previewPart({ event, is_sample, is_selected, request }: Preview): Html {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const of: Content = is_sample
    ? "a sample: no event that came fits yet"
    : html`<a href="/events/${event}">${event}</a>${is_selected ? null : ", which the filter does not select: it would not be sent"}`;
  return html`<div id="preview" class="stack" aria-live="polite">${is_sample || is_selected ? null : notice("The filter does not select this event.")}
${facts([["Event", of]])}
<div class="stack-small"><h3>Request</h3>${copyable(`${request.method} ${request.url}`, "Request line")}</div>
<div class="stack-small"><h3>Headers</h3>${copyable(headers.join("\n"), "Headers")}</div>
<div class="stack-small"><h3>Body</h3>${request.body === null ? html`<p class="none">None: with ${request.method}, the event stands in the URL.</p>` : copyable(indented(request.body), "Body")}</div></div>`;
}

/** Where a preview will stand; what keeps it from being made is said there. */
export function noPreview({ mistakes }: Typed): Html {
  const words = mistakes.map(({ field, reason }) => html`<li><code>${field}</code> ${reason}</li>`);
  return html`<div id="preview" aria-live="polite">${words.length > 0 ? html`<div class="notice bad"><p>There is no preview yet:</p><ul>${words}</ul></div>` : null}</div>`;
}

/** JSON with its members in lines of their own; what is none stays as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
