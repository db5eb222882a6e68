import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge } from "./edge.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let url: string;

beforeAll(async () => {
  const retaining = (toml: string) =>
    toml.replace("[vars]", '[vars]\nRETENTION_DAYS = "90"').replace(/^# (\[\[r2_buckets\]\]|binding = "ARCHIVE"|bucket_name)/gm, "$1");
  edge = await startEdge(retaining);
  url = (await edge.operate("/sources", { name: "impact", account: "partner" })).urls["action-lifecycle"];
});
afterAll(async () => await edge.close());

test("after 90 days an event is in the archive, and can be read back; the day's newer events stay", async () => {
  const send = async (action: string) =>
    (await fetch(`${url}?action_id=${action}&status=PENDING&payout=0.88&note=%E2%98%83`)).headers.get("x-event-id");
  const [old, recent] = [await send("old.1"), await send("recent.1")];
  const before = await edge.operate(`/events/${old}`);
  const at = Date.parse("2001-01-01T00:00:00Z");
  const prefix = at.toString(16).padStart(12, "0");
  const id = `evt_${prefix.slice(0, 8)}-${prefix.slice(8)}${old?.slice(17)}`; // as if it had come then
  await edge.sql(`update events set id = '${id}', received_at = ${at} where id = '${old}'`);

  await edge.sweep();
  await expect(edge.operate(`/events/${id}`)).rejects.toThrow("404");
  expect(await edge.operate(`/events/${recent}`)).toMatchObject({ id: recent });
  expect((await edge.operate("/archive")).data).toEqual(["2001-01-01"]);
  expect((await edge.operate("/archive/2001-01-01")).data).toMatchObject([{ lines: 1 }]);

  expect(await edge.operate("/archive/2001-01-01/reingest", {})).toEqual({ lines: 1, restored: 1, next: null });
  expect(await edge.operate(`/events/${id}`)).toEqual({ ...before, id, received_at: "2001-01-01T00:00:00Z" });
});
