/** Words for what impact.com calls us with: made from a seed, so that a failure can be repeated. */

/** One call, as it goes over the wire. */
export interface Call {
  kind: string;
  method: "GET" | "POST";
  query: string;
  body: string | Uint8Array<ArrayBuffer> | null;
  contentType: string | null;
}

/** What a call says, under impact.com's own names: a sale, a change, a clearing; and what must come of it. */
export interface Saying {
  kind: string;
  type: string;
  fields: Record<string, string>;
}

/** A bad call: it must be refused with `status`, and kept with its bytes. */
export interface Bad {
  call: Call;
  status: number;
  code: string;
  /** Text that stands in no other call. */
  mark: string;
  isTruncated: boolean;
}

/** What one client sends, step by step. */
export type Step =
  | { do: "say"; saying: Saying; calls: Call[]; isLedger: boolean; isFresh: boolean }
  | { do: "botch"; bad: Bad }
  | { do: "intrude"; call: Call; mark: string };

export type Random = () => number;

/** Mulberry32: small, and the same on every machine. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function integer(random: Random, below: number): number {
  return Math.floor(random() * below);
}

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[integer(random, list.length)] as T;
}

/** Amounts up to four hundred billion with six decimals: more than a double holds. */
export function randomMicros(random: Random): bigint {
  const micros = BigInt(integer(random, 1_000_000));
  const large = 9_007_199_254 + integer(random, 391_000_000_000);
  const units = BigInt(pick(random, [0, integer(random, 10_000), large, large]));
  return (units * 1_000_000n + (random() < 0.5 ? micros : (micros / 10_000n) * 10_000n)) * (random() < 0.2 ? -1n : 1n);
}

/** Decimal text with two decimals at least, as impact.com writes it and as we must say it. */
export function moneyText(micros: bigint): string {
  const size = micros < 0n ? -micros : micros;
  const digits = (size % 1_000_000n).toString().padStart(6, "0");
  return `${micros < 0n ? "-" : ""}${size / 1_000_000n}.${digits.slice(0, 2)}${digits.slice(2).replace(/0+$/, "")}`;
}

/** Reads decimal text, exactly. */
export function microsOf(text: string): bigint {
  const [whole = "0", fraction = ""] = text.replace("-", "").split(".");
  const micros = BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, "0"));
  return text.startsWith("-") ? -micros : micros;
}

type Shape = "get" | "json" | "form" | "xml";
const shapes: Shape[] = ["get", "get", "json", "form", "xml"];

/** The same saying in any shape, with its keys in any order and spelling. */
export function callOf({ kind, fields }: Saying, random: Random, shape = pick(random, shapes)): Call {
  const entries = Object.entries(fields).map(([name, value]) => [spelt(name, random), value] as const);
  entries.sort(() => random() - 0.5);
  const text = new URLSearchParams(entries.map(([name, value]) => [name, value])).toString();
  if (shape === "get") return { kind, method: "GET", query: text, body: null, contentType: null };
  const post = { kind, method: "POST" as const, query: "" };
  if (shape === "form") return { ...post, body: text, contentType: "application/x-www-form-urlencoded" };
  if (shape === "json") return { ...post, body: JSON.stringify(Object.fromEntries(entries)), contentType: "application/json" };
  const elements = entries.map(([name, value]) => `<${name}>${escaped(value)}</${name}>`).join("");
  return { ...post, body: `<?xml version="1.0"?><postback>${elements}</postback>`, contentType: "application/xml" };
}

function spelt(name: string, random: Random): string {
  if (!/^[A-Z]/.test(name)) return name;
  const snake = name.replace(/(?<=[a-z])(?=[A-Z0-9])/g, "_").toLowerCase();
  return pick(random, [name, snake, name[0]?.toLowerCase() + name.slice(1)]);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Values that an operator's page or a log must not fall for. */
const oddities = [
  "plain",
  "<script>alert(1)</script>",
  "a & b = c",
  "100 %",
  "Ünïcødé ✓",
  '"quoted" \\ back',
  "' or 1=1 --",
  "{{ secrets.api_key }}",
];

export const typeOf: Record<string, string> = { PENDING: "action.pending", APPROVED: "action.approved", REVERSED: "action.reversed" };

/** One change of an action, from `before` to `after`. */
export function change(action: Record<string, string>, status: string, before: bigint, after: bigint, date: string): Saying {
  const fields = { ...action, Status: status, Payout: moneyText(after), DeltaPayout: moneyText(after - before), EventDate: date };
  return { kind: "action-lifecycle", type: typeOf[status] as string, fields };
}

export function clearing(action: Record<string, string>, payout: bigint, date: string): Saying {
  const fields = { ...action, Status: "APPROVED", Payout: moneyText(payout), DeltaPayout: "0.00", ClearedDate: date };
  return { kind: "action-clearing", type: "action.cleared", fields };
}

/** What stays the same of an action. `to` decides which destinations select it. */
export function newAction(id: string, to: string, random: Random): Record<string, string> {
  return {
    ActionId: id,
    Currency: pick(random, ["USD", "EUR", "JPY"]),
    CampaignId: String(integer(random, 100_000)),
    CampaignName: pick(random, oddities),
    SubId1: to,
    SubId2: pick(random, oddities),
    network: pick(random, ["impact", "impact radius"]),
  };
}

/** A moment of this year with an offset. */
export function randomDate(random: Random): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const [month, day, hour, minute, second] = [11, 28, 24, 60, 60].map((below, index) => two(integer(random, below) + (index < 2 ? 1 : 0)));
  return `2026-${month}-${day}T${hour}:${minute}:${second}${pick(random, ["Z", "+08:00", "-07:00"])}`;
}

const binary = (mark: string) => new Uint8Array([0x00, 0xff, 0xfe, 0x80, ...Buffer.from(mark), 0x0d, 0xc3]);

/** One of each sort of bad call. */
export function badCalls(mark: string): Bad[] {
  const get = (query: string, kind = "action-lifecycle"): Call => ({ kind, method: "GET", query, body: null, contentType: null });
  const post = (body: Call["body"], contentType: string): Call => ({ ...get(""), method: "POST", body, contentType });
  const named = (name: string) => `${mark}.${name}`;
  const entity = `<?xml version="1.0"?><!DOCTYPE p [<!ENTITY e "${named("entity")}">]><p><ActionId>&e;</ActionId></p>`;
  const bad = (name: string, status: number, code: string, call: Call): Bad => {
    return { call, status, code, mark: named(name), isTruncated: false };
  };
  return [
    bad("date", 422, "invalid", get(`ActionId=${named("date")}&Status=PENDING&EventDate=the+day+before`)),
    bad("amount", 422, "invalid", post(JSON.stringify({ ActionId: named("amount"), Payout: "1,50" }), "application/json")),
    bad("broken", 400, "undecodable", post(`{"ActionId": "${named("broken")}", "Payout": `, "application/json")),
    bad("kind", 404, "unknown_kind", get(`ActionId=${named("kind")}&Status=PENDING`, "action-lifecicle")),
    bad("entity", 400, "undecodable", post(entity, "application/xml")),
    bad("binary", 400, "undecodable", post(binary(named("binary")), "application/octet-stream")),
    {
      ...bad(
        "large",
        413,
        "too_large",
        post(`ActionId=${named("large")}&Note=${"x".repeat(103_000)}`, "application/x-www-form-urlencoded"),
      ),
      isTruncated: true,
    },
  ];
}
