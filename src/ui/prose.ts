import { type Html, html } from "./html.ts";
import { exact } from "./words.ts";

/** Words, some of which lead somewhere. */
type Part = string | { words: string; href: string };

const link = (href: string, words: string): Part => ({ href, words });

/** What our API says by its own addresses, and how a page says it. `parts` are what the pattern has in brackets. */
const sayings: [pattern: RegExp, page: (...parts: string[]) => Part[]][] = [
  [/See \/openapi\.json for what there is/, () => [link("/overview", "The overview"), " leads to all there is"]],
  [/what was refused is in \/quarantine/, () => ["what was refused is in ", link("/quarantine", "quarantine")]],
  [/: PUT \/sources\/(src_\w+)\/api first/, (id) => [": ", link(`/sources/${id}/access`, "give it access"), " first"]],
  [/: PUT \/sources\/:id\/api/, () => [": give it access on the page of the ", link("/sources", "source")]],
  [/GET \/sources\/(src_\w+)\/api tells how it stands/, (id) => [link(`/sources/${id}/access`, "See how it stands")]],
  [/GET (\/sources\/src_\w+) has what to paste/, (path) => [link(path, "the page of the source"), " has what to paste"]],
  [/GET \/sources\/:id has what to paste/, () => ["the page of the ", link("/sources", "source"), " has what to paste"]],
  [/: POST \/reconciliations\/:id\/resume/, () => [", by “Resume”"]],
  [/POST \/destinations\/:id\/secret takes a v1a key of your own/, () => ["a v1a key of your own is given where the key is rotated"]],
  [/GET \/jobs\/:id, with the operator's token, makes a new one/, () => ["The page of the job makes a new one"]],
  [/GET \/jobs\/:id lists a job's/, () => ["The page of the job lists them"]],
  [/GET \/jobs\/:id says (why|which)/, (what) => [`The page of the job says ${what}`]],
  [/GET (\/[a-z][\w/?=&:.-]*) lists (?:them|all)/, (path) => [link(path, "List them")]],
  [/; POST \/recoveries sends them again/, () => ["; ", link("/recoveries/new", "a recovery"), " sends them again"]],
  [/is not the `next` of a page/, () => ["leads to no place in this list"]],
  [/(?<!like )(\d{4}-\d\d-\d\dT\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z/, (minute) => [exact(`${minute}Z`)]],
];

const any = new RegExp(sayings.map(([pattern]) => pattern.source.replace(/\((?!\?)/g, "(?:")).join("|"), "g");

/** Words of our API, for a page: with links where they name an address of ours, and moments to the minute. */
export function prose(text: string): Html {
  return html`${partsOf(text).map((part) => (typeof part === "string" ? part : html`<a href="${part.href}">${part.words}</a>`))}`;
}

/** The same without links, for what stands beside a field. */
export function plain(text: string): string {
  return partsOf(text)
    .map((part) => (typeof part === "string" ? part : part.words))
    .join("");
}

function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(any)) {
    parts.push(text.slice(end, index), ...said(found));
    end = index + found.length;
  }
  return [...parts, text.slice(end)];
}

function said(found: string): Part[] {
  for (const [pattern, page] of sayings) {
    const [whole, ...parts] = pattern.exec(found) ?? [];
    if (whole === found) return page(...parts);
  }
  return [found];
}
