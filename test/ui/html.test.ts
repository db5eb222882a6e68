import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { address, html } from "../../src/ui/html.ts";
import { runs } from "../fuzz.ts";

describe("html", () => {
  test("escapes what is put in, in elements and in attributes", () => {
    const value = `<b title="it's">&`;
    expect(html`<p title="${value}">${value}</p>`.text).toBe(
      `<p title="&lt;b title=&quot;it&#39;s&quot;&gt;&amp;">&lt;b title=&quot;it&#39;s&quot;&gt;&amp;</p>`,
    );
  });

  test("leaves out what is absent or false, shows zero, joins lists, and takes markup as it is", () => {
    expect(html`${null}${undefined}${false}${0}${["a", html`<br>`, ["<"]]}`.text).toBe("0a<br>&lt;");
  });

  test("writes out letters that show nothing or turn the direction of text, and leaves all others", () => {
    expect(html`${"a\u202eb\u200b\u0000\ufeff"}`.text).toBe("a\\u202eb\\u200b\\u0000\\ufeff");
    expect(html`${"Zoë\tñ\n日本 🎈"}`.text).toBe("Zoë\tñ\n日本 🎈");
  });

  test("no text makes a tag or ends an attribute", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const { text: markup } = html`<i a="${text}">${text}</i>`;
        const [, attribute = "?", content = "?"] = /^<i a="([^"]*)">([^<]*)<\/i>$/.exec(markup) ?? [];
        return attribute === content && !/[<>"']/.test(content);
      }),
      runs(300),
    );
  });
});

describe("address", () => {
  test("encodes parameters, and leaves out those that are empty", () => {
    expect(address("/events", { q: `a&b="`, cursor: null, source: "", limit: 5 })).toBe("/events?q=a%26b%3D%22&limit=5");
    expect(address("/events", {})).toBe("/events");
  });
});
