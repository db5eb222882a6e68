import { describe, expect, test } from "vitest";
import { newSource, operate } from "../kit.ts";
import { sendAccepted } from "./ask.ts";

const unique = () => `1000.${crypto.randomUUID()}`;
const step = (id: string, status: string, payout: string, delta: string) =>
  `action_id=${id}&status=${status}&payout=${payout}&delta_payout=${delta}&currency=USD`;

describe("an action", () => {
  test("tells its state and amounts after all that was said of it", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: `action_id=${id}&status=PENDING&payout=10&amount=100&currency=USD` });
    await sendAccepted(source, { query: `action_id=${id}&status=APPROVED&payout=8.5&amount=85&currency=USD` });
    const { status, body } = await operate(`/actions/${id}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      action_id: id,
      source: source.name,
      state: "APPROVED",
      payout: "8.50",
      amount: "85.00",
      currency: "USD",
      cleared: false,
      gaps: [],
      other_sources: [],
    });
  });

  test("lists its events in order of effect, though the newest came first", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: step(id, "REVERSED", "0", "-8") });
    await sendAccepted(source, { query: step(id, "PENDING", "10", "10") });
    await sendAccepted(source, { query: step(id, "APPROVED", "8", "-2") });
    const { body } = await operate(`/actions/${id}`);
    expect(body.events.map(({ status }: { status: string }) => status)).toEqual(["PENDING", "APPROVED", "REVERSED"]);
    expect(body).toMatchObject({ state: "REVERSED", payout: "0.00", gaps: [] });
  });

  test("lists its events in order of arrival where no deltas tell another", async () => {
    const [source, id] = [await newSource(), unique()];
    for (const status of ["PENDING", "REVERSED", "APPROVED"]) await sendAccepted(source, { query: `action_id=${id}&status=${status}` });
    const { body } = await operate(`/actions/${id}`);
    expect(body.events.map(({ status }: { status: string }) => status)).toEqual(["PENDING", "REVERSED", "APPROVED"]);
  });

  test("tells what is missing between its steps", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: step(id, "PENDING", "10", "10") });
    await sendAccepted(source, { query: step(id, "APPROVED", "7", "-1") });
    expect((await operate(`/actions/${id}`)).body.gaps).toEqual([
      { of: "payout", from: "10.00", to: "8.00", missing: "-2.00", before: expect.stringMatching(/^evt_/) },
    ]);
  });

  test("is cleared once its clearing came, and keeps its state", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: step(id, "APPROVED", "10", "10") });
    await sendAccepted(source, { kind: "action-clearing", query: `action_id=${id}&cleared_date=2026-05-13T11:37:49Z` });
    expect((await operate(`/actions/${id}`)).body).toMatchObject({ state: "APPROVED", cleared: true, payout: "10.00" });
  });

  test("does not hold a repeat", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: `action_id=${id}&status=PENDING` });
    await operate(`/actions/${id}`);
    expect((await operate(`/actions/${id}`)).body.events).toHaveLength(1);
  });
});

describe("an action that several sources know", () => {
  async function twoSources() {
    const [first, second, id] = [await newSource(), await newSource(), unique()];
    await sendAccepted(first, { query: `action_id=${id}&status=PENDING` });
    await sendAccepted(second, { query: `action_id=${id}&status=APPROVED` });
    return { first, second, id };
  }

  test("is told as the one heard last knows it, and names the others", async () => {
    const { first, second, id } = await twoSources();
    const { body } = await operate(`/actions/${id}`);
    expect(body).toMatchObject({ source: second.name, state: "APPROVED", other_sources: [first.name] });
    expect(body.events).toHaveLength(1);
  });

  test.each(["id", "name"] as const)("is told as the source knows it that was asked for by its %s", async (by) => {
    const { first, second, id } = await twoSources();
    const { body } = await operate(`/actions/${id}?source=${encodeURIComponent(first[by])}`);
    expect(body).toMatchObject({ source: first.name, state: "PENDING", other_sources: [second.name] });
  });

  test("is 404 for a source that never heard of it", async () => {
    const { id } = await twoSources();
    const stranger = await newSource();
    expect((await operate(`/actions/${id}?source=${stranger.id}`)).status).toBe(404);
  });
});

test("an action that nobody heard of is 404", async () => {
  const { status, body } = await operate("/actions/nobody");
  expect([status, body.code]).toEqual([404, "not_found"]);
});

test("an unknown parameter is 422", async () => expect((await operate("/actions/nobody?colour=red")).status).toBe(422));
