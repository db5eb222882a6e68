import { createHash, createHmac } from "node:crypto";
import { CaptureTag, type Context, defaultOptions, ForTag, filters, Liquid, type Template, toValue } from "liquidjs";
import type { FilterHandler } from "liquidjs/dist/template/filter-impl-options";
import { sizeOf } from "./budget.ts";
import { headerEncode, type Place, percentEncode, places } from "./place.ts";

/** What there is of Liquid (https://liquidjs.com/tags/overview.html): nothing that reads other templates, or writes into what a template sees. */
export const templateTags = "# assign break capture case comment continue echo for if liquid raw unless".split(" ");

/**
 * The filters of Liquid (https://liquidjs.com/filters/overview.html) that read no code from their arguments, give the same for the
 * same event, and do not fail on what a value happens to be; and a few of our own.
 */
export const templateFilters = `abs append at_least at_most base64_encode capitalize ceil compact date default divided_by downcase escape
  escape_once first floor header_encode hmac_sha256 join json last lstrip map minus modulo plus prepend raw remove remove_first
  remove_last replace replace_first replace_last reverse round rstrip sha256 size slice slugify sort sort_natural split squish strip
  strip_html strip_newlines sum times truncate truncatewords uniq upcase url_encode xml_escape`.split(/\s+/);

const own: Record<string, FilterHandler> = {
  header_encode: (value: unknown) => headerEncode(textOf(value)),
  hmac_sha256: (value: unknown, key: unknown) => createHmac("sha256", textOf(key)).update(textOf(value)).digest("hex"),
  json: (value: unknown) => JSON.stringify(toValue(value) ?? null),
  raw: (value: unknown) => value,
  sha256: (value: unknown) => createHash("sha256").update(textOf(value)).digest("hex"),
  url_encode: (value: unknown) => percentEncode(textOf(value)),
};

/** Names of months, weekdays and zones are made by Intl, each in the time and the memory of some thousand characters. */
const perName = 5_000;

const engines = new Map<Place, Liquid>();

/** The Liquid whose outputs are escaped for a place. */
export function engineFor(place: Place): Liquid {
  const known = engines.get(place);
  if (known) return known;
  const made = newEngine(place);
  engines.set(place, made);
  return made;
}

function newEngine(place: Place): Liquid {
  const { escape: escaped, encoders } = places[place];
  const engine = new Liquid({
    strictFilters: true,
    // What is absent is "", and that is to count as false: `{% if promo_code %}`.
    jsTruthy: true,
    outputEscape(this: { context: Context }, value: string) {
      return this.context.getRegister("capturing") ? value : escaped(textOf(value));
    },
  });
  for (const name of Object.keys(engine.tags)) if (!templateTags.includes(name)) delete engine.tags[name];
  engine.registerTag("for", Loop);
  engine.registerTag("capture", Capture);
  for (const name of Object.keys(engine.filters)) engine.unregisterFilter(name);
  for (const name of templateFilters) {
    const raw = encoders.includes(name);
    if (name !== "raw" || raw) engine.registerFilter(name, { raw, handler: metered(name, own[name] ?? (filters[name] as FilterHandler)) });
  }
  return engine;
}

/** Filters that make much of little are told by what they made; a date by how. */
function metered(name: string, handler: FilterHandler): FilterHandler {
  return function* (value, ...more) {
    if (name === "date") this.context.memoryLimit.use(namesIn(more[0], more[1]) * perName);
    const made: unknown = yield handler.apply(this, [value, ...more]);
    this.context.memoryLimit.use(sizeOf(made));
    return made;
  };
}

function namesIn(format: unknown, zone: unknown): number {
  const text = textOf(toValue(format) ?? defaultOptions.dateFormat);
  return (text.match(/%[^a-z%]*[abhcxz]/gi)?.length ?? 0) + (typeof zone === "string" ? 2 : 0);
}

/** A loop pays for each round by the length of what it repeats. */
class Loop extends ForTag {
  constructor(...[token, rest, liquid, parser]: ConstructorParameters<typeof ForTag>) {
    super(token, rest, liquid, parser);
    const end = rest[0]?.begin ?? token.input.length;
    this.templates.unshift({ token, render: (context: Context) => context.memoryLimit.use(end - token.end) } as Template);
  }
}

/** What is captured is a value like any other: it is escaped where it goes out, not before. */
class Capture extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    const outer = context.getRegister<boolean>("capturing");
    context.setRegister("capturing", true);
    yield* super.render(context);
    context.setRegister("capturing", outer);
  }
}

function textOf(value: unknown): string {
  const plain: unknown = toValue(value);
  if (Array.isArray(plain)) return plain.map(textOf).join("");
  return plain === null || plain === undefined ? "" : String(plain);
}
