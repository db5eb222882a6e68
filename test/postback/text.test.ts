import { expect, test } from "vitest";
import { decodeText } from "../../src/postback/text.ts";

const bytes = (...values: number[]) => new Uint8Array(values);
const eAcute = { utf8: [0xc3, 0xa9], latin1: [0xe9] };

test("reads UTF-8 where nothing else is said", () => {
  expect(decodeText(bytes(...eAcute.utf8), "")).toEqual({ text: "é", warnings: [] });
});

test.each([
  "application/json; charset=iso-8859-1",
  "application/json;charset=ISO-8859-1",
  'text/xml; charset="windows-1252"',
  "text/plain; foo=bar; charset=latin1",
])("believes the charset of %s", (contentType) => {
  expect(decodeText(bytes(...eAcute.latin1), contentType).text).toBe("é");
});

test.each(["application/json; charset=klingon", "application/json; charset=", "application/json", "charset"])(
  "reads UTF-8 where the Content-Type is %j",
  (contentType) => {
    expect(decodeText(bytes(...eAcute.utf8), contentType).text).toBe("é");
  },
);

test.each([
  ["UTF-8", [0xef, 0xbb, 0xbf, 0x41]],
  ["little-endian UTF-16", [0xff, 0xfe, 0x41, 0x00]],
  ["big-endian UTF-16", [0xfe, 0xff, 0x00, 0x41]],
])("knows %s by its mark, which is no text", (_, marked) => {
  expect(decodeText(bytes(...marked), "").text).toBe("A");
});

test.each([
  ["UTF-8", [0xef, 0xbb, 0xbf, 0xc3, 0xa9], "iso-8859-1"],
  ["UTF-16", [0xff, 0xfe, 0xe9, 0x00], "utf-8"],
])("believes the mark of %s before the charset", (_, marked, charset) => {
  expect(decodeText(bytes(...marked), `application/json; charset=${charset}`).text).toBe("é");
});

test("reads what it can of bytes that are no text, and warns", () => {
  expect(decodeText(bytes(0x41, 0xe9, 0x42), "")).toMatchObject({ text: "A\ufffdB", warnings: [{ code: "invalid_text" }] });
});

test("the warning names the encoding that did not fit", () => {
  expect(decodeText(bytes(0xe9), "application/json; charset=utf-8").warnings[0]?.detail).toContain("UTF-8");
});

test("no bytes are no text, and no warning", () => {
  expect(decodeText(bytes(), "")).toEqual({ text: "", warnings: [] });
});
