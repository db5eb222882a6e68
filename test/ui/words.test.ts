import { describe, expect, test } from "vitest";
import { day, hour, minute, second } from "../../src/domain/time.ts";
import { count, distance, money, size, state, when } from "../../src/ui/words.ts";

describe("when", () => {
  const now = Date.parse("2026-05-13T12:00:00Z");

  test("tells the distance, and the exact moment on hover", () => {
    expect(when("2026-05-13T11:57:00Z", now).text).toBe(
      `<time datetime="2026-05-13T11:57:00Z" title="2026-05-13 11:57:00 UTC">3 min ago</time>`,
    );
  });

  test("shows a dash for nothing, and escapes what is no date", () => {
    expect(when(null, now).text).toContain("–");
    expect(when("<b>", now).text).toBe("&lt;b&gt;");
  });

  test.each([
    [-0.4 * second, "just now"],
    [-59 * second, "59 s ago"],
    [-90 * minute, "1 h ago"],
    [3 * day + hour, "in 3 d"],
    [-61 * day, "2 mo ago"],
    [-1095 * day, "3 y ago"],
  ])("%d ms is %s", (ms, words) => {
    expect(distance(ms)).toBe(words);
  });
});

describe("money", () => {
  test.each([
    ["710397.00", "JPY", "710\u202f397"],
    ["710397.50", "JPY", "710\u202f397.50"],
    ["12.00", "USD", "12.00"],
    ["0.125", "KWD", "0.125"],
    ["12.00", "<b>", "12.00"],
    ["12.00", null, "12.00"],
  ])("%s %s is shown as %s", (amount, currency, shown) => {
    expect(money(amount, currency).text).toContain(`value="${amount}">${shown}<`.replace("<", currency ? " <" : "<"));
  });

  test("keeps every digit, in groups, with its currency", () => {
    expect(money("-1234567.8901", "USD").text).toBe(
      `<data class="money" value="-1234567.8901">−1\u202f234\u202f567.8901 <small>USD</small></data>`,
    );
  });

  test("is a dash where there is none", () => {
    expect(money(null, "USD").text).toContain("–");
  });
});

test("a count has its digits in groups", () => {
  expect([count(0), count(999), count(1000), count(1234567)]).toEqual(["0", "999", "1\u202f000", "1\u202f234\u202f567"]);
});

test("a size has a unit", () => {
  expect([size(12), size(1234), size(5_600_000)]).toEqual(["12 B", "1.2 KB", "5.6 MB"]);
});

test("a state is a word with a sign, never a colour alone, whatever it says", () => {
  expect(state("REVERSED").text).toBe(`<span class="state bad"><span aria-hidden="true">✕</span> REVERSED</span>`);
  expect(state("<script>").text).toContain("&lt;script&gt;");
});
