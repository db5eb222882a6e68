import { describe, expect, test } from "vitest";
import { newDestination, newSource, operate } from "../kit.ts";
import { held, only, send, sendAccepted, sendRefused, type TestSource, untilDelivery } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const show = async (id: string) => (await operate(`/quarantine/${id}`)).body;
const ids = ({ body }: { body: { data: { id: string }[] } }) => body.data.map(({ id }) => id);

describe("what is refused ends in quarantine, with its raw bytes and the reason", () => {
  test.each([
    [400, "undecodable", "just words", "a body that is nothing", {}, {}],
    [400, "undecodable", '{"action_id": ', "a body that breaks off", {}, {}],
    [403, "header_refused", "action_id=1", "no required header", { required_header: { name: "x-key", value: "v" } }, {}],
    [403, "address_refused", "action_id=1", "an address that is not listed", { ip_policy: "enforce", allowed_ips: ["203.0.113.7"] }, {}],
    [404, "unknown_kind", "action_id=1", "a kind that does not exist", {}, { kind: "sales" }],
    [422, "invalid", "action_id=1&payout=much", "a value that is wrong", {}, {}],
  ])("%i %s: %s (%s)", async (status, code, body, _what, settings, parts) => {
    const source = await newSource(settings);
    const response = await send(source, { ...parts, body, query: "q=1", headers: { "cf-connecting-ip": "198.51.100.9" } });
    expect(response.status).toBe(status);
    const one = await show(response.headers.get("x-event-id") as string);
    expect(one).toMatchObject({
      source: source.name,
      source_id: source.id,
      kind: "kind" in parts ? parts.kind : "action-lifecycle",
      code,
      detail: ((await response.json()) as { detail: string }).detail,
      receipt: { method: "POST", query: "q=1", body, ip: "198.51.100.9" },
      truncated: false,
      resolved_at: null,
      event: null,
    });
  });

  test("413 too_large, with the beginning of it: 100 KB", async () => {
    const source = await newSource();
    const id = await sendRefused(source, { body: `a=${"x".repeat(150_000)}` });
    const one = await show(id);
    expect(one).toMatchObject({ code: "too_large", truncated: true, receipt: { body_bytes: 102_400 } });
    expect(one.receipt.body).toMatch(/^a=x+$/);
  });

  test("a kind that is missing from the URL", async () => {
    const source = await newSource();
    const response = await send(source, { kind: "", query: "action_id=1" });
    expect(response.status).toBe(404);
    expect(await show(response.headers.get("x-event-id") as string)).toMatchObject({ kind: "", code: "unknown_kind" });
  });

  test("every mistake of it, by field", async () => {
    const id = await sendRefused(await newSource(), { query: "action_id=1&payout=much&currency=Dollars&event_date=soon" });
    expect((await show(id)).errors.map(({ field }: { field: string }) => field).sort()).toEqual(["Currency", "EventDate", "Payout"]);
  });

  test("without the secrets in it", async () => {
    const id = await sendRefused(await newSource(), { query: "action_id=1&payout=much&token=s3cret" });
    expect((await show(id)).receipt.query).toBe("action_id=1&payout=much&token=[removed]");
  });

  test("and forwards nothing", async () => {
    const source = await newSource();
    const far = farHost();
    const { id } = await newDestination({ url: far.url, filter: only(source) });
    await sendRefused(source, { query: "action_id=1&payout=much" });
    expect((await operate(`/deliveries?destination=${id}`)).body.data).toEqual([]);
  });
});

describe("the list of quarantine", () => {
  test("comes newest first, page by page", async () => {
    const source = await newSource();
    const sent: string[] = [];
    for (const payout of ["a", "b", "c"]) sent.push(await sendRefused(source, { query: `payout=${payout}` }));
    const first = await operate(`/quarantine?source=${source.id}&limit=2`);
    const second = await operate(`/quarantine?source=${source.id}&limit=2&cursor=${first.body.next}`);
    expect([...ids(first), ...ids(second)]).toEqual(sent.reverse());
    expect(second.body.next).toBeNull();
  });

  test("holds what one source sent, by id or by name", async () => {
    const [source, other] = [await newSource(), await newSource()];
    const id = await sendRefused(source, { query: "payout=a" });
    await sendRefused(other, { query: "payout=a" });
    expect(ids(await operate(`/quarantine?source=${source.id}`))).toEqual([id]);
    expect(ids(await operate(`/quarantine?source=${encodeURIComponent(source.name)}`))).toEqual([id]);
  });

  test("can be bounded in time", async () => {
    const source = await newSource();
    const id = await sendRefused(source, { query: "payout=a" });
    const at = (await show(id)).received_at;
    expect(ids(await operate(`/quarantine?source=${source.id}&since=${at}`))).toEqual([id]);
    expect(ids(await operate(`/quarantine?source=${source.id}&until=${at}`))).toEqual([]);
  });

  test.each(["resolved=maybe", "limit=0", "since=soon", "colour=red"])("asked for %s is 422", async (query) => {
    expect((await operate(`/quarantine?${query}`)).status).toBe(422);
  });

  test.each(["GET", "POST"])("what is not in it is 404 (%s)", async (method) => {
    const path = method === "GET" ? "/quarantine/evt_nobody" : "/quarantine/evt_nobody/reingest";
    expect((await operate(path, method === "GET" ? undefined : {}, method)).status).toBe(404);
  });
});

describe("taking it once more", () => {
  /** A call that no longer is wrong once `Payout` is read from another key. */
  async function mended(): Promise<{ source: TestSource; id: string }> {
    const source = await newSource({ mapping: { earned: "Payout" } });
    const id = await sendRefused(source, { query: "action_id=1&status=PENDING&earned=5,00&real=5.00&currency=USD" });
    await operate(`/sources/${source.id}`, { mapping: { real: "Payout" } }, "PATCH");
    return { source, id };
  }

  const reingest = async (id: string, input: unknown = {}) => await operate(`/quarantine/${id}/reingest`, input);

  test("after the mapping was mended makes it the event it should have been", async () => {
    const { id } = await mended();
    expect(await reingest(id)).toMatchObject({ status: 200, body: { id, status: "accepted" } });
    expect((await operate(`/events/${id}`)).body).toMatchObject({ type: "action.pending", payout: "5.00", fields: { earned: "5,00" } });
  });

  test("keeps its time of arrival", async () => {
    const { id } = await mended();
    const { received_at } = await show(id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await reingest(id);
    expect((await operate(`/events/${id}`)).body.received_at).toBe(received_at);
  });

  test("keeps its receipt", async () => {
    const { id } = await mended();
    const { receipt } = await show(id);
    await reingest(id);
    expect((await operate(`/events/${id}`)).body.receipt).toEqual(receipt);
  });

  test("takes it off the list, and tells its event", async () => {
    const { source, id } = await mended();
    await reingest(id);
    expect(ids(await operate(`/quarantine?source=${source.id}`))).toEqual([]);
    expect(ids(await operate(`/quarantine?source=${source.id}&resolved=true`))).toEqual([id]);
    expect(await show(id)).toMatchObject({ event: id, resolved_at: expect.any(String) });
  });

  test("delivers it", async () => {
    const { source, id } = await mended();
    const far = farHost();
    const destination = await newDestination({ url: far.url, filter: only(source) });
    await reingest(id);
    await untilDelivery(`${id}:${destination.id}`, "delivered");
    expect(far.heard[0]?.headers.get("webhook-id")).toBe(id);
  });

  test("a second time is 409, and names the event", async () => {
    const { source, id } = await mended();
    await reingest(id);
    const { status, body } = await reingest(id);
    expect([status, body.code]).toEqual([409, "conflict"]);
    expect(body.detail).toContain(id);
    expect(await held(source)).toMatchObject({ events: 1 });
  });

  test("ten times at once makes one event", async () => {
    const { source, id } = await mended();
    await Promise.all(Array.from({ length: 10 }, () => reingest(id)));
    expect(await held(source)).toMatchObject({ events: 1 });
  });

  test("when the same was sent well meanwhile is a duplicate of that, and resolved", async () => {
    const { source, id } = await mended();
    const first = await sendAccepted(source, { query: "action_id=1&status=PENDING&earned=5,00&real=5.00&currency=USD" });
    expect((await reingest(id)).body).toEqual({ id: first, status: "duplicate" });
    expect(await show(id)).toMatchObject({ event: first });
  });

  test("under another kind mends a wrong URL", async () => {
    const source = await newSource();
    const id = await sendRefused(source, { kind: "clearing", query: "action_id=1&status=APPROVED" });
    expect((await reingest(id, { kind: "action-clearing" })).body).toEqual({ id, status: "accepted" });
    expect((await operate(`/events/${id}`)).body).toMatchObject({ kind: "action-clearing", type: "action.cleared" });
  });

  test("mends a call that was refused for its address", async () => {
    const source = await newSource({ ip_policy: "enforce", allowed_ips: ["203.0.113.7"] });
    const id = await sendRefused(source, { query: "action_id=1&status=PENDING", headers: { "cf-connecting-ip": "198.51.100.9" } });
    expect((await reingest(id)).body).toEqual({ id, status: "accepted" });
  });

  test("while it is still wrong is 422, and it stays", async () => {
    const source = await newSource();
    const id = await sendRefused(source, { query: "action_id=1&payout=much" });
    const { status, body } = await reingest(id);
    expect([status, body.code]).toEqual([422, "invalid"]);
    expect(ids(await operate(`/quarantine?source=${source.id}`))).toEqual([id]);
  });

  test("while it is wrong in another way renews the reason", async () => {
    const source = await newSource();
    const id = await sendRefused(source, { kind: "sales", query: "action_id=1&payout=much" });
    expect((await reingest(id, { kind: "action-lifecycle" })).status).toBe(422);
    expect(await show(id)).toMatchObject({ kind: "action-lifecycle", code: "invalid", errors: [{ field: "Payout" }] });
  });

  test("is 400 for what still cannot be decoded", async () => {
    const id = await sendRefused(await newSource(), { body: "just words" });
    expect((await reingest(id)).status).toBe(400);
  });

  test("is 413 for what was too large: its end is gone", async () => {
    const source = await newSource();
    const id = await sendRefused(source, { body: `action_id=1&x=${"x".repeat(150_000)}` });
    expect((await reingest(id)).status).toBe(413);
    expect(await held(source)).toEqual({ events: 0, quarantined: 1 });
  });

  test.each([{ kind: "sales" }, { colour: "red" }])("with %j is 422, and leaves the reason as it was", async (input) => {
    const id = await sendRefused(await newSource(), { query: "payout=much" });
    const before = await show(id);
    expect((await reingest(id, input)).status).toBe(422);
    expect(await show(id)).toEqual(before);
  });
});
