import { describe, expect, test } from "vitest";
import { kinds } from "../../src/domain/kind.ts";
import { decode } from "../../src/postback/decode.ts";
import { macros } from "../../src/postback/fields.ts";
import { templates } from "../../src/postback/templates.ts";
import { aReceipt } from "../kit.ts";
import { read } from "./read.ts";

const url = "https://edge.example/in/token/kind";

const samples = { text: "A & B", money: "0.88", date: "2026-05-13T11:37:49+08:00", currency: "USD" };

describe.each(kinds)("the templates of %s", (kind) => {
  const { get, post, unverified } = templates(kind, url);
  const query = get.slice(url.length + 1);
  const shapeOf = (name: string) => macros[kind].find((macro) => macro.name === name)?.shape ?? "text";

  /** As impact.com would: each macro by its value. */
  const filled = (template: string, encode: (text: string) => string) =>
    template.replace(/\{([A-Za-z0-9]+)\}/g, (_, name) => encode(samples[shapeOf(name)]));

  const namesIn = (template: string) => [...template.matchAll(/\{([A-Za-z0-9]+)\}/g)].map(([, name]) => name);

  test("begin with the URL, to be pasted as they are", () => {
    expect(get.startsWith(`${url}?`)).toBe(true);
    expect(new URL(get).href.length).toBeGreaterThan(url.length);
  });

  test("hold only macros of this kind, none twice", () => {
    const names = namesIn(get);
    expect(names).toEqual(macros[kind].map(({ name }) => name).filter((name) => names.includes(name)));
  });

  test("come back from a filled URL as all their macros", () => {
    const event = read({ kind, query: filled(query, encodeURIComponent) });
    expect(Object.keys(event.fields).sort()).toEqual(namesIn(get).toSorted());
  });

  test("come back unfilled as all their macros, unresolved", () => {
    const literal = decode(aReceipt({ kind, query })).entries.map(([, value]) => value.slice(1, -1));
    expect(literal).toEqual(namesIn(get));
  });

  test("are valid JSON for POST, with the keys of the URL", () => {
    expect(Object.entries(JSON.parse(post))).toEqual([...new URLSearchParams(query)]);
  });

  test("tell the same in JSON as in a URL", () => {
    const json = read({ kind, body: filled(post, (text) => JSON.stringify(text).slice(1, -1)) });
    expect(json.fingerprint).toBe(read({ kind, query: filled(query, encodeURIComponent) }).fingerprint);
  });

  test("name every macro that was not seen to exist", () => {
    const known = macros[kind].filter((macro) => macro.known).map(({ name }) => name);
    expect(unverified).toEqual(namesIn(get).filter((name) => !known.includes(name ?? "")));
  });
});

describe.each(["action-lifecycle", "action-clearing"] as const)("the templates of %s", (kind) => {
  const { get, unverified } = templates(kind, url);

  test.each(["ActionId", "Status", "Payout", "DeltaPayout", "Amount", "DeltaAmount", "Currency", "EventDate"])("ask for {%s}", (name) => {
    expect(get).toContain(`={${name}}`);
  });

  test("ask for nothing that is not known to exist", () => {
    expect(unverified).toEqual([]);
  });

  test("mark a call in which nothing was filled in as a test", () => {
    expect(read({ kind, query: get.slice(url.length + 1) }).isTest).toBe(true);
  });
});
