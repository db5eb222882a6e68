import { describe, expect, test } from "vitest";
import { addressOf } from "../../src/impact/access.ts";
import type { Asked } from "../../src/impact/calls.ts";
import { pageOf } from "../../src/impact/page.ts";
import { anAccess } from "./anAccess.ts";

const access = anAccess();
const home = "/Mediapartners/IRsid1234567890abcd";
const asked: Asked = { path: "Actions?PageSize=2000", list: "Actions" };
const pageIn = (body: unknown, of: Asked = asked) => pageOf(body, of, access);

const envelope = {
  "@page": "1",
  "@numpages": "3",
  "@pagesize": "2000",
  "@total": "4321",
  "@nextpageuri": `${home}/Actions?PageSize=2000&Page=2`,
  Actions: [{ Id: "1" }, { Id: "2" }],
};

test("a page has its records, the next call, and how long the whole is", () =>
  expect(pageIn(envelope)).toEqual({
    records: [{ Id: "1" }, { Id: "2" }],
    next: { path: "Actions?PageSize=2000&Page=2", list: "Actions" },
    total: 4321,
    pages: 3,
  }));

test("the next call leads to the link of impact.com, and does not name the account", () => {
  const { next } = pageIn(envelope);
  expect(addressOf(access, next?.path ?? "")?.href).toBe(`https://api.impact.com${home}/Actions?PageSize=2000&Page=2`);
  expect(next?.path).not.toContain(access.accountSid);
});

test("numbers may be numbers", () =>
  expect(pageIn({ ...envelope, "@total": 4321, "@numpages": 3 })).toMatchObject({ total: 4321, pages: 3 }));

test.each([[""], [null], [undefined], ["  "]])("with the next link %j it is the last page", (link) =>
  expect(pageIn({ ...envelope, "@nextpageuri": link }).next).toBeNull(),
);

test("without an envelope it is the only page", () =>
  expect(pageIn({ Actions: [] })).toEqual({ records: [], next: null, total: null, pages: null }));

test.each([[undefined], [null], [""]])("a list of %j is empty", (list) =>
  expect(pageIn({ ...envelope, Actions: list }).records).toEqual([]),
);

test("a record alone is a list of one", () => expect(pageIn({ Actions: { Id: "1" } }).records).toEqual([{ Id: "1" }]));

test("a record that was asked for by its id stands alone", () => {
  const single: Asked = { path: "Jobs/1", list: null };
  expect(pageIn({ Id: "1", Status: "COMPLETED" }, single)).toEqual({
    records: [{ Id: "1", Status: "COMPLETED" }],
    next: null,
    total: null,
    pages: null,
  });
});

describe("no page", () => {
  test.each([[[]], ["text"], [null], ["7"]])("is %j", (body) => expect(() => pageIn(body)).toThrow("no object"));

  test.each([[["text"]], [[null]], ["text"], [[[]]]])("has the records %j", (list) =>
    expect(() => pageIn({ Actions: list })).toThrow("no records"),
  );

  test.each(["https://evil.example/x", "/Mediapartners/IRother/Actions", "/Advertisers/IRsid1234567890abcd/Actions?Page=2"])(
    "is followed by %s, and the reason does not name it",
    (link) => {
      expect(() => pageIn({ ...envelope, "@nextpageuri": link })).toThrow("not of this account");
      expect(() => pageIn({ ...envelope, "@nextpageuri": link })).not.toThrow(link);
    },
  );

  test("is followed by itself", () => {
    const body = { ...envelope, "@nextpageuri": `${home}/${asked.path}` };
    expect(() => pageIn(body)).toThrow("the page itself");
  });
});
