import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { aFile, aJob, aJobSource, csv, forgetJobs } from "../jobs.ts";
import { call, newSource, origin } from "../kit.ts";
import { sendAccepted } from "./ask.ts";
import { useFarSide } from "./far.ts";
import { harmless, hostile, look, lookThrough, wordsOf } from "./look.ts";

useFarSide();
afterEach(forgetJobs);

const lists = [
  { path: "/inquiries", kind: "action-inquiry", id: "InquiryId", state: "ResolutionStatus", status: "UNRESOLVED" },
  { path: "/tracking-value-requests", kind: "tracking-value-request", id: "RequestId", state: "State", status: "NEW" },
  { path: "/jobs", kind: "job-completion", id: "JobId", state: "Status", status: "FAILED" },
] as const;

test.each(lists)("$path is a tab of the room of actions, lists, and leads to one; hostile values are shown", async (one) => {
  const { path, kind, id, state, status } = one;
  const [source, subject] = [await newSource(), `${hostile}${crypto.randomUUID()}`];
  await sendAccepted(source, { kind, query: new URLSearchParams({ [id]: subject, [state]: status, Note: hostile }).toString() });
  const list = await look(`${path}?source=${source.id}`);
  expect(list.text).toContain(`<a href="${path}" aria-current="page">`);
  expect(list.text).toContain(`<a href="/actions" aria-current="page">Actions</a>`);
  expect(list.text).toContain(`${path}/${encodeURIComponent(subject).replaceAll("'", "&#39;")}`);
  const { status: found, text } = await look(`${path}/${encodeURIComponent(subject)}`);
  expect(found).toBe(200);
  expect(wordsOf(text)).toContain(status);
  for (const page of [list.text, text]) {
    expect(page).toContain(harmless);
    expect(page).not.toContain("<img");
  }
});

test.each(lists)("$path says how the first one comes, and what to do where nothing fits", async ({ path }) => {
  const source = await newSource();
  expect(wordsOf((await lookThrough(`${path}?source=${source.id}`)).text)).toMatch(/No [a-z ]+ fits/);
});

test("an inquiry leads to its action", async () => {
  const [source, inquiry, action] = [await newSource(), `${Math.floor(1e12 * Math.random())}`, `1000.${crypto.randomUUID()}`];
  await sendAccepted(source, { kind: "action-inquiry", query: `InquiryId=${inquiry}&ActionId=${action}&ResolutionStatus=VALID` });
  expect((await look(`/inquiries/${inquiry}`)).text).toContain(`<a href="/actions/${action}">`);
});

test("a job's result can be downloaded from its page", async () => {
  const id = crypto.randomUUID();
  const impact = await aJobSource({ job: () => aJob(id), download: () => aFile(csv) });
  await impact.hint(id);
  await impact.collect();
  const { text } = await look(`/jobs/${id}`);
  const [, link = ""] = /<a class="button" href="([^"]+)" download>/.exec(text) ?? [];
  const response = await call(link.replaceAll("&amp;", "&"));
  expect([response.status, await response.text()]).toEqual([200, csv]);
  expect(text).not.toContain("/fetch");
});

test("a job's result that could not be fetched says why, and can be fetched again by a button", async () => {
  const id = crypto.randomUUID();
  const impact = await aJobSource({ job: () => new Response("{}", { status: 404 }), download: () => aFile(csv) });
  await impact.hint(id);
  for (let times = 0; times < 8; times++) {
    await impact.collect();
    impact.pass(60 * 60_000);
  }
  const before = await look(`/jobs/${id}`);
  expect(before.text).toContain(`action="/jobs/${id}/fetch"`);
  const response = await call(`/jobs/${id}/fetch`, {
    method: "POST",
    redirect: "manual",
    headers: {
      authorization: `Bearer ${env.OPERATOR_TOKEN}`,
      accept: "text/html",
      origin,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "",
  });
  expect([response.status, response.headers.get("location")]).toEqual([303, `/jobs/${id}`]);
  expect(decodeURIComponent(response.headers.get("set-cookie") ?? "")).toContain("being fetched");
});
