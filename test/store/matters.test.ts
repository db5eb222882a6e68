import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { book } from "../../src/book.ts";
import { newShortId } from "../../src/domain/id.ts";
import { minute } from "../../src/domain/time.ts";
import { listInquiriesOf, listMatters, listOpenInquiries } from "../../src/store/matters.ts";
import { newApp } from "../kit.ts";
import { anEvent, save } from "./samples.ts";

const [source, other] = [newShortId("src"), newShortId("src")];
const actionId = `1000.${crypto.randomUUID()}`;

beforeAll(async () => {
  const tell = (id: string, status: string, parts: Parameters<typeof anEvent>[0] = {}) =>
    save(
      anEvent({
        sourceId: source,
        kind: "action-inquiry",
        type: "inquiry.created",
        subject: `inquiry:${id}`,
        actionId: null,
        status,
        ...parts,
      }),
    );
  await tell("a", "UNRESOLVED");
  await tell("b", "UNRESOLVED");
  await tell("b", "VALID", { actionId });
  await tell("c", "UNRESOLVED", { actionId });
  await tell("d", "UNRESOLVED", { sourceId: other });
  await tell("e", "NEW", { kind: "tracking-value-request", subject: "request:e" });
  await book(newApp(), minute);
});

const list = async (search: object) =>
  (await listMatters(env.DB, "action-inquiry", { source, limit: 50, ...search })).matters.map(({ subject }) => subject);

test("matters of a kind are listed, the one that was heard of last first, page by page", async () => {
  expect(await list({})).toEqual(["inquiry:c", "inquiry:b", "inquiry:a"]);
  const { matters, next } = await listMatters(env.DB, "action-inquiry", { source, limit: 1 });
  expect(matters).toMatchObject([{ subject: "inquiry:c", actionId, events: 1 }]);
  expect(await list({ cursor: next })).toEqual(["inquiry:b", "inquiry:a"]);
});

test("and by their status, however it is spelt, or their source", async () => {
  expect([await list({ status: "valid" }), await list({ status: "UNRESOLVED" })]).toEqual([["inquiry:b"], ["inquiry:c", "inquiry:a"]]);
  expect(await list({ source: other })).toEqual(["inquiry:d"]);
});

test("open inquiries of a source come in order, behind the one before", async () => {
  expect(await listOpenInquiries(env.DB, source, "", 1)).toEqual(["inquiry:a"]);
  expect(await listOpenInquiries(env.DB, source, "inquiry:a", 5)).toEqual(["inquiry:c"]);
});

test("the inquiries that are about an action are found", async () => {
  expect(await listInquiriesOf(env.DB, actionId)).toEqual(["b", "c"]);
});
