import { button } from "./form.ts";
import { type Content, type Html, html } from "./html.ts";
import { empty, facts, live, section } from "./parts.ts";
import type { View } from "./view.ts";
import { code, size, state, when } from "./words.ts";

/** The result of a job, as our API tells it. */
export interface FileView {
  file: string;
  state: string;
  bytes: number | null;
  sha256: string | null;
  content_type: string | null;
  event_id: string | null;
  reason: string | null;
  attempts: number;
  next_attempt_at: string | null;
  updated_at: string | null;
  download_url?: string;
  download_expires?: string | null;
}

/** The results of a job, newest first; kept up to date while one is waited for. */
export function filesSection(view: View, { id, status }: { id: string; status: string | null }, files: FileView[]): Html {
  const [newest] = files;
  const again =
    newest?.state === "stored" || status !== "COMPLETED"
      ? null
      : button(newest ? "Fetch again" : "Fetch the result", `/jobs/${encodeURIComponent(id)}/fetch`);
  const body =
    files.length > 0
      ? html`<div class="stack">${files.map((file) => fileFacts(view, file))}</div>`
      : empty(
          "No result was fetched",
          "Results are fetched for sources that are set to do so and have access to impact.com's API, when a job is completed. They are kept in R2.",
          html`<a class="button" href="/sources">Sources and their access</a>`,
        );
  const isAwaited = files.some((file) => file.state === "waiting");
  return section("Result", isAwaited ? live(view, "files", body) : body, again);
}

function fileFacts({ now }: View, file: FileView): Html {
  const { download_url, download_expires, event_id } = file;
  return facts([
    ["State", state(file.state)],
    ["Why", file.reason],
    [
      "File",
      download_url
        ? html`<a class="button" href="${download_url}" download>Download</a> <span class="note">the link is good until ${when(download_expires, now)}</span>`
        : null,
    ],
    ["Size", file.bytes === null ? null : size(file.bytes)],
    ["Content type", file.content_type],
    ["SHA-256", file.sha256 ? code(file.sha256) : null],
    ["Attempts", attempts(file, now)],
    ["Told by", event_id ? html`<a href="/events/${encodeURIComponent(event_id)}">${code(event_id)}</a>` : null],
    ["Last change", when(file.updated_at, now)],
  ]);
}

function attempts({ attempts: count, next_attempt_at }: FileView, now: number): Content {
  return next_attempt_at ? html`${count}, the next ${when(next_attempt_at, now)}` : String(count);
}
