/**
 * Bodies as broken templates, careless proxies and ill will make them: the same ones on every run. Every tenth comes a second
 * time, as senders repeat what they believe lost.
 */
export function malformedBodies(size: number, seed = 7): Uint8Array<ArrayBuffer>[] {
  const random = mulberry32(seed);
  const bodies: Uint8Array<ArrayBuffer>[] = [];
  while (bodies.length < size) {
    if (bodies.length > 0 && random() < 0.1) bodies.push(pick(random, bodies));
    else bodies.push(mutated(random, encode(pick(random, shapes)(random))));
  }
  return bodies;
}

type Random = () => number;

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
const int = (random: Random, below: number) => Math.floor(random() * below);
const pick = <T>(random: Random, from: readonly T[]): T => from[int(random, from.length)] as T;

const keys = [
  "action_id",
  "ActionId",
  "status",
  "payout",
  "currency",
  "event_date",
  "sub_id1",
  "cid",
  "items",
  "__proto__",
  "a.b",
  "ключ",
  "",
];
const plausible = ["1.2.3", "PENDING", "0.88", "USD", "2026-05-13T11:37:49 08:00", "{ActionId}", ""];
const odd = [
  "1e400",
  "NaN",
  "-",
  "{",
  "\u0000",
  "\ud800",
  "\ufeff",
  "😀",
  "' or 1=1 --",
  '"',
  "<b>",
  "&amp;",
  "%zz",
  "9".repeat(400),
  -0,
  1e21,
  true,
  null,
];
const depths = [10, 60, 900, 1100, 3000, 20_000];

const scalar = (random: Random): unknown => (random() < 0.8 ? pick(random, plausible) : pick(random, odd));

function record(random: Random, depth = 0): Record<string, unknown> {
  const value = () =>
    depth < 3 && random() < 0.15 ? pick(random, [record(random, depth + 1), [scalar(random), record(random, depth + 1)]]) : scalar(random);
  return Object.fromEntries(Array.from({ length: 1 + int(random, 5) }, () => [pick(random, keys), value()]));
}

function element(random: Random, depth = 0): string {
  const name = pick(random, ["action_id", "status", "payout", "items", "item", "a:b", "__proto__"]);
  const inner = depth < 3 && random() < 0.3 ? element(random, depth + 1) + element(random, depth + 1) : String(scalar(random));
  return `<${name}${random() < 0.2 ? ` id="${int(random, 9)}"` : ""}>${inner}</${name}>`;
}

function nested(random: Random, open: string, close: string): string {
  const depth = pick(random, depths);
  return open.repeat(depth) + close.repeat(random() < 0.7 ? depth : int(random, depth));
}

const json = (random: Random) => JSON.stringify(record(random), null, pick(random, [0, 2]));
const xml = (random: Random) => `${pick(random, ["", '<?xml version="1.0"?>'])}<p>${element(random)}${element(random)}</p>`;
const form = (random: Random) =>
  Array.from({ length: 1 + int(random, 6) }, () => `${pick(random, keys)}=${scalar(random)}`).join(
    pick(random, ["&", "&", "&&", ";", "\n"]),
  );

const shapes: readonly ((random: Random) => string)[] = [
  json,
  json,
  json,
  xml,
  xml,
  form,
  form,
  form,
  (random) => `[${json(random)}]`,
  (random) => `{"Action Life Cycle Postback", ${json(random).slice(1)}`,
  (random) => `{"action_id":"1","items":${nested(random, "[", "]")}}`,
  (random) => nested(random, '{"a":', "}"),
  (random) => `<p>${nested(random, "<a>", "</a>")}</p>`,
  (random) => `<!DOCTYPE p [<!ENTITY a "${"b".repeat(int(random, 99))}"><!ENTITY c "&a;&a;">]><p><x>&c;</x></p>`,
  (random) => String(scalar(random)),
  (random) => `x=${"x".repeat(int(random, 150_000))}`,
];

const scraps = ['"', "{", "}", "<", ">", "&", "=", "\\", "\u0000", "]]>", "<!--", "\ufffd"];

const mutations: readonly ((random: Random, bytes: Uint8Array) => Uint8Array)[] = [
  (random, bytes) => bytes.slice(0, int(random, bytes.length + 1)),
  (random, bytes) => bytes.slice(int(random, bytes.length + 1)),
  (random, bytes) => bytes.map((byte) => (random() < 0.02 ? int(random, 256) : byte)),
  (random, bytes) => spliced(bytes, int(random, bytes.length + 1), encode(pick(random, scraps))),
  (random, bytes) => spliced(bytes, int(random, bytes.length + 1), bytes.slice(0, 200)),
  (_random, bytes) => spliced(bytes, 0, Uint8Array.of(0xef, 0xbb, 0xbf)),
  (_random, bytes) => spliced(bytes, 0, Uint8Array.of(0xff, 0xfe)),
];

function mutated(random: Random, whole: Uint8Array): Uint8Array<ArrayBuffer> {
  let bytes = whole;
  for (let count = int(random, 3); count > 0; count--) bytes = pick(random, mutations)(random, bytes);
  return new Uint8Array(bytes);
}

function spliced(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.slice(0, at), part, bytes.slice(at)]);
}

/** A small seeded generator (Tommy Ettinger's mulberry32, public domain). */
function mulberry32(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
