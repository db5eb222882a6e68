import { day, hour, type Instant, minute, parseDate, second } from "../domain/time.ts";
import { type Html, html } from "./html.ts";

/** A moment: how long ago or ahead it is, with the exact time on hover. Takes ISO 8601; what is no date is shown as it is. */
export function when(text: string | null | undefined, now: Instant): Html {
  if (!text) return html`<span class="none">–</span>`;
  const at = parseDate(text)?.at;
  if (at === undefined) return html`${text}`;
  return html`<time datetime="${text}" title="${exact(text)}">${distance(at - now)}</time>`;
}

/** A moment, written out in UTC: `2026-05-13 03:37:49 UTC`. */
export function exact(text: string): string {
  return text.replace("T", " ").replace(/Z$/, " UTC");
}

const units: [name: string, ms: number][] = [
  ["y", 365 * day],
  ["mo", 30 * day],
  ["d", day],
  ["h", hour],
  ["min", minute],
  ["s", second],
];

/** `3 min ago`, `in 2 h`, `just now`. */
export function distance(ms: number): string {
  const size = Math.abs(ms);
  const [name, unit] = units.find(([, of]) => size >= of) ?? ["s", second];
  const count = Math.floor(size / unit);
  if (count === 0) return "just now";
  return ms < 0 ? `${count} ${name} ago` : `in ${count} ${name}`;
}

/** An amount as decimal text with its currency: the digits in groups, the currency small; of yen no hundredths, unless there are any. */
export function money(amount: string | null | undefined, currency: string | null | undefined): Html {
  if (amount === null || amount === undefined) return html`<span class="none">–</span>`;
  const [whole = "", fraction] = amount.split(".");
  const isWhole = fraction === undefined || (/^0+$/.test(fraction) && digitsOf(currency) === 0);
  const text = isWhole ? grouped(whole) : `${grouped(whole)}.${fraction}`;
  return html`<data class="money" value="${amount}">${text.replace("-", "−")}${currency ? html` <small>${currency}</small>` : null}</data>`;
}

/** How many decimals amounts in a currency have, as Unicode has it; two of what is none. */
function digitsOf(currency: string | null | undefined): number {
  if (!currency || !/^[A-Z]{3}$/.test(currency)) return 2;
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits ?? 2;
}

/** A whole number, the digits in groups. */
export function count(value: number): string {
  return grouped(String(value));
}

function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** How large: `1.2 KB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

type Mood = "good" | "bad" | "busy" | "calm";

/** How a state looks; a word that is not here looks calm. */
const moods: Record<string, Mood> = {
  accepted: "good",
  active: "good",
  approved: "good",
  cleared: "good",
  closed: "calm",
  completed: "good",
  delivered: "good",
  done: "good",
  finished: "good",
  ok: "good",
  paid: "good",
  resolved: "good",
  stored: "good",
  valid: "good",
  "action.approved": "good",
  "action.cleared": "good",
  "job.completed": "good",
  "inquiry.resolved": "good",
  declined: "bad",
  degraded: "bad",
  disabled: "bad",
  error: "bad",
  exhausted: "bad",
  failed: "bad",
  failing: "bad",
  open: "bad",
  reversed: "bad",
  unauthorized: "bad",
  "action.reversed": "bad",
  "job.failed": "bad",
  deferred: "busy",
  incomplete: "busy",
  new: "busy",
  pending: "busy",
  paused: "busy",
  quarantined: "busy",
  running: "busy",
  unresolved: "busy",
  waiting: "busy",
  "action.pending": "busy",
  "inquiry.created": "busy",
};

const signs: Record<Mood, string> = { good: "✓", bad: "✕", busy: "◔", calm: "•" };

/** Longer words are no states of impact.com, and may wrap. */
const longest = 24;

/** A state as a word with a sign and a colour. */
export function state(word: string | null | undefined): Html {
  if (!word) return html`<span class="none">–</span>`;
  const mood = moods[word.toLowerCase()] ?? "calm";
  return html`<span class="state ${mood}${word.length > longest ? " wraps" : ""}"><span aria-hidden="true">${signs[mood]}</span> ${word}</span>`;
}

/** So long a name stands on one line. */
const longestLine = 24;

/** A name that a machine reads: an id, a key, a URL. */
export function code(text: string | null | undefined): Html {
  if (!text) return html`<span class="none">–</span>`;
  return text.length > longestLine ? html`<code>${text}</code>` : html`<code class="line">${text}</code>`;
}

/** Text that goes to the clipboard at a press; without scripts it can still be selected. */
export function copyable(text: string, label: string): Html {
  return html`<div class="copyable"><pre tabindex="0" aria-label="${label}">${text}</pre><button type="button" class="small" data-copy hidden>Copy</button></div>`;
}
