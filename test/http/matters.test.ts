import { expect, test } from "vitest";
import { newSource, operate } from "../kit.ts";
import { sendAccepted } from "./ask.ts";

const unique = () => `${Date.now()}${Math.floor(1e9 * Math.random())}`;

/** What each list is of, and how far its matters go. */
const lists = [
  { path: "/inquiries", kind: "action-inquiry", id: "InquiryId", state: "ResolutionStatus", from: "UNRESOLVED", to: "VALID" },
  { path: "/tracking-value-requests", kind: "tracking-value-request", id: "RequestId", state: "State", from: "NEW", to: "COMPLETED" },
  { path: "/jobs", kind: "job-completion", id: "JobId", state: "Status", from: "CANCELLED", to: "COMPLETED" },
] as const;

test.each(lists)(
  "$path lists what was heard of last first, by source and status, page by page",
  async ({ path, kind, id, state, from, to }) => {
    const [source, other] = [await newSource(), await newSource()];
    const [a, b, c] = [unique(), unique(), unique()];
    const tell = (subject: string, status: string, of = source) => sendAccepted(of, { kind, query: `${id}=${subject}&${state}=${status}` });
    await tell(a, from);
    await tell(b, from);
    await tell(a, to);
    await tell(c, from, other);
    const list = async (query = "") => (await operate(`${path}?source=${source.id}${query}`)).body;
    const { data, next, up_to_date } = await list();
    expect(data).toMatchObject([
      { id: a, source: source.name, status: to },
      { id: b, source: source.name, status: from },
    ]);
    expect([next, up_to_date]).toEqual([null, true]);
    expect(data[0].last_heard_at >= data[0].first_heard_at).toBe(true);
    expect((await list(`&status=${to.toLowerCase()}`)).data.map((one: any) => one.id)).toEqual([a]);
    const first = await list("&limit=1");
    expect([first.data[0].id, (await list(`&cursor=${first.next}`)).data.map((one: any) => one.id)]).toEqual([a, [b]]);
  },
);

test.each(lists)("one of $path is told with its events in order of effect", async ({ path, kind, id, state, from, to }) => {
  const [source, subject] = [await newSource(), unique()];
  for (const status of kind === "job-completion" ? [from, to] : [to, from])
    await sendAccepted(source, { kind, query: `${id}=${subject}&${state}=${status}` });
  const { status, body } = await operate(`${path}/${subject}`);
  expect([status, body.status, body.events.map((event: any) => event.status)]).toEqual([200, to, [from, to]]);
});

test.each(lists)("one of $path that nobody told of is not there", async ({ path }) => {
  expect((await operate(`${path}/${unique()}`)).status).toBe(404);
});

test("an inquiry names the action that it led to, and the action its inquiries", async () => {
  const [source, inquiry, action] = [await newSource(), unique(), `1000.${unique()}`];
  await sendAccepted(source, { kind: "action-inquiry", query: `InquiryId=${inquiry}&ResolutionStatus=UNRESOLVED` });
  await sendAccepted(source, { kind: "action-inquiry", query: `InquiryId=${inquiry}&ResolutionStatus=VALID&ActionId=${action}` });
  await sendAccepted(source, { query: `ActionId=${action}&Status=PENDING` });
  expect((await operate(`/inquiries/${inquiry}`)).body.action_id).toBe(action);
  expect((await operate(`/actions/${action}`)).body.inquiries).toEqual([inquiry]);
});

test("a job tells its files, also when there are none", async () => {
  const [source, job] = [await newSource(), unique()];
  await sendAccepted(source, { kind: "job-completion", query: `JobId=${job}&Status=COMPLETED` });
  expect((await operate(`/jobs/${job}`)).body).toMatchObject({ id: job, status: "COMPLETED", files: [] });
});
