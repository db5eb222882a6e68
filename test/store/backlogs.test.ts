import { env } from "cloudflare:workers";
import { afterAll, describe, expect, test } from "vitest";
import { deliveryId } from "../../src/domain/delivery.ts";
import type { Destination } from "../../src/domain/destination.ts";
import { minute, second } from "../../src/domain/time.ts";
import { listBacklogged, listDue, listSiblings, listUnheard, ringGraceMs } from "../../src/store/deliveries.ts";
import { metered } from "./meter.ts";
import { anActive, anEvent, backlog, claimed, conclude, failure, retireAll, save, success } from "./samples.ts";

const start = Date.parse("2026-05-13T00:00:00Z");
const db = env.DB;

afterAll(retireAll);

/** A destination with a delivery for each action named, a millisecond apart; their ids, oldest first. */
async function ofActions(actions: (string | null)[], parts: Partial<Destination> = { ordered: true }) {
  const destination = await anActive(parts);
  const ids: string[] = [];
  for (const [n, action] of actions.entries()) {
    const event = anEvent({ receivedAt: start + n });
    await save(event, { to: [{ destinationId: destination.id, action, once: false }] });
    ids.push(deliveryId({ eventId: event.id, destinationId: destination.id }));
  }
  return { destinationId: destination.id, ids };
}

/** An attempt that fails; the next is due ten minutes later. */
async function fail(id: string | undefined, now = start + second) {
  await conclude(await claimed(id ?? "", now), failure, now, { nextAttemptAt: start + 10 * minute });
}

describe("destinations with a backlog", () => {
  test("are those that have something due", async () => {
    const [due, later, done] = [await backlog(2), await backlog(1), await backlog(1)];
    await fail(later.ids[0]);
    await conclude(await claimed(done.ids[0] as string, start), success, start);
    const asked = [due, later, done].map(({ destination }) => destination.id);
    expect(await listBacklogged(db, asked, start + minute)).toEqual([due.destination.id]);
  });

  test("are not those whose deliveries are all under way", async () => {
    const { destination, ids } = await backlog(1);
    await claimed(ids[0] as string, start + second);
    expect(await listBacklogged(db, [destination.id], start + 2 * second)).toEqual([]);
  });

  test("are those again where an attempt never came back", async () => {
    const { destination, ids } = await backlog(1);
    await claimed(ids[0] as string, start + second);
    expect(await listBacklogged(db, [destination.id], start + minute)).toEqual([destination.id]);
  });

  test("are those whose ring the sweep has just made", async () => {
    const { destination } = await backlog(1);
    await listUnheard(db, [destination.id], start + minute, 10);
    expect(await listBacklogged(db, [destination.id], start + minute)).toEqual([destination.id]);
  });

  test("are looked for in one round trip, and in none for nobody", async () => {
    const made = [await backlog(1), await backlog(1)].map(({ destination }) => destination.id);
    const { db: counted, bill } = metered(db);
    await listBacklogged(counted, [], start);
    expect(bill.roundTrips).toBe(0);
    await listBacklogged(counted, made, start);
    expect(bill.roundTrips).toBe(1);
  });
});

describe("what is due of a destination", () => {
  test("is listed oldest first, up to a limit", async () => {
    const { destination, ids } = await backlog(4);
    expect(await listDue(db, destination.id, 3, start + minute)).toEqual(ids.slice(0, 3));
  });

  test("is listed by how long it has been due, not by how old it is", async () => {
    const { destination, ids } = await backlog(2);
    await conclude(await claimed(ids[0] as string, start), failure, start, { nextAttemptAt: start + 5 * second });
    expect(await listDue(db, destination.id, 10, start + minute)).toEqual([ids[1], ids[0]]);
  });

  test("leaves out what is not due yet", async () => {
    const { destination, ids } = await backlog(2);
    await fail(ids[0]);
    expect(await listDue(db, destination.id, 10, start + minute)).toEqual([ids[1]]);
  });

  test("leaves out what is under way", async () => {
    const { destination, ids } = await backlog(2);
    await claimed(ids[0] as string, start + second);
    expect(await listDue(db, destination.id, 10, start + 2 * second)).toEqual([ids[1]]);
  });

  test("leaves out what is done, and what others have", async () => {
    const { destination, ids } = await backlog(2);
    await backlog(1);
    await conclude(await claimed(ids[0] as string, start), success, start);
    expect(await listDue(db, destination.id, 10, start + minute)).toEqual([ids[1]]);
  });

  test("leaves out all of an action of which one waits for its next attempt", async () => {
    const { destinationId, ids } = await ofActions(["a", "a", "b", null]);
    await fail(ids[0]);
    expect(await listDue(db, destinationId, 10, start + minute)).toEqual([ids[2], ids[3]]);
  });

  test("leaves out all of an action of which one is under way", async () => {
    const { destinationId, ids } = await ofActions(["a", "a", "b"]);
    await claimed(ids[1] as string, start + second);
    expect(await listDue(db, destinationId, 10, start + 2 * second)).toEqual([ids[2]]);
  });

  test("holds the rest of an action when the one that waited has ended", async () => {
    const { destinationId, ids } = await ofActions(["a", "a"]);
    await fail(ids[0]);
    await conclude(await claimed(ids[0] as string, start + 10 * minute), failure, start + 10 * minute, { state: "exhausted" });
    expect(await listDue(db, destinationId, 10, start + 10 * minute)).toEqual([ids[1]]);
  });

  test("holds the rest of an action when the one that waited was cancelled", async () => {
    const { destinationId, ids } = await ofActions(["a", "a"]);
    await fail(ids[0]);
    await db.prepare("update deliveries set state = 'cancelled' where event_id = ?").bind(ids[0]?.split(":")[0]).run();
    expect(await listDue(db, destinationId, 10, start + minute)).toEqual([ids[1]]);
  });

  test("holds all of an action where order does not matter", async () => {
    const { destinationId, ids } = await ofActions(["a", "a"], { ordered: false });
    await fail(ids[0]);
    expect(await listDue(db, destinationId, 10, start + minute)).toEqual([ids[1]]);
  });

  test("is not held by the same action at another destination", async () => {
    const [here, there] = [await ofActions(["a"]), await ofActions(["a"])];
    await fail(there.ids[0]);
    expect(await listDue(db, here.destinationId, 10, start + minute)).toEqual(here.ids);
  });
});

describe("what the sweep rings for", () => {
  const due = start + second + ringGraceMs;

  test("leaves out all of an action of which one waits for its next attempt", async () => {
    const { destinationId, ids } = await ofActions(["a", "a", "b"]);
    await fail(ids[0]);
    expect((await listUnheard(db, [destinationId], due, 10)).map(deliveryId)).toEqual([ids[2]]);
  });

  test("holds all of an action where order does not matter", async () => {
    const { destinationId, ids } = await ofActions(["a", "a"], { ordered: false });
    await fail(ids[0]);
    expect((await listUnheard(db, [destinationId], due, 10)).map(deliveryId)).toEqual([ids[1]]);
  });

  test("holds what has no action, whatever else waits", async () => {
    const { destinationId, ids } = await ofActions([null, null]);
    await fail(ids[0]);
    expect((await listUnheard(db, [destinationId], due, 10)).map(deliveryId)).toEqual([ids[1]]);
  });
});

describe("siblings", () => {
  test("are all that is pending of the action at that destination, with the one that was named", async () => {
    const { ids } = await ofActions(["a", "b", "a", "a"]);
    const found = await listSiblings(db, [ids[2] as string]);
    expect(found.map(deliveryId).sort()).toEqual([ids[0], ids[2], ids[3]].sort());
  });

  test("hold one that waits for its next attempt", async () => {
    const { ids } = await ofActions(["a", "a"]);
    await fail(ids[0]);
    expect((await listSiblings(db, [ids[1] as string])).map(deliveryId).sort()).toEqual([...ids].sort());
  });

  test("leave out what has ended", async () => {
    const { ids } = await ofActions(["a", "a"]);
    await conclude(await claimed(ids[0] as string, start), success, start);
    expect((await listSiblings(db, ids)).map(deliveryId)).toEqual([ids[1]]);
  });

  test("are not of another destination", async () => {
    const [here] = [await ofActions(["a"]), await ofActions(["a"])];
    expect((await listSiblings(db, here.ids)).map(deliveryId)).toEqual(here.ids);
  });

  test("are none of what has no action", async () => {
    const { ids } = await ofActions([null, null]);
    expect(await listSiblings(db, ids)).toEqual([]);
  });

  test("of several that were named come once each", async () => {
    const { ids } = await ofActions(["a", "a", "a"]);
    expect((await listSiblings(db, [...ids, ids[0] as string, "nonsense"])).map(deliveryId).sort()).toEqual([...ids].sort());
  });
});
