import { afterEach, expect, test } from "vitest";
import { day, hour } from "../../simulate/clock.ts";
import { ask, askJson, brand, closeAll, newApi, partner } from "./kit.ts";

afterEach(closeAll);

test("wrong credentials are 401 in the gateway's words, wrong places and lacking scopes 403", async () => {
  const { api } = await newApi({}, { account: { ...partner, scopes: ["Actions", "Jobs"] } });
  const wrong = await ask(api, "Actions", {}, { ...partner, token: "no" });
  expect([wrong.status, await wrong.json()]).toEqual([401, { status: 401, title: "Unauthorized" }]);
  expect((await ask(api, "Actions")).status).toBe(200);
  expect((await ask(api, "ActionUpdates")).status).toBe(403);
  expect((await ask(api, "/Mediapartners/IRother/Actions")).status).toBe(403);
  expect((await ask(api, "/Advertisers/IRpartner1/Actions")).status).toBe(403);
  api.options.wrongKind = 404;
  expect((await ask(api, "/Advertisers/IRpartner1/Actions")).status).toBe(404);
});

test("XML unless JSON is asked for, by suffix or by Accept", async () => {
  const { api } = await newApi({ actions: 3 });
  const xml = await (await ask(api, "Actions", {})).text();
  expect(xml).toMatch(/^<\?xml.*\?><ImpactRadiusResponse><Actions page="1" .*nextpageuri="" [^>]*><Action><Id>/);
  expect(await (await ask(api, "Actions.json", {})).json()).toMatchObject({ "@page": "1" });
  expect((await askJson(api, "Actions"))["@page"]).toBe("1");
  expect(await (await ask(api, "Actions?Page=x", {})).text()).toContain("<Errors><Error><Field>Page</Field>");
});

test("every scalar is text, unless the documents' types are wanted", async () => {
  const { api } = await newApi({ since: Date.UTC(2026, 5, 1), until: Date.UTC(2026, 5, 3) });
  const scalarsOf = (records: object[]) => new Set(records.flatMap((record) => Object.values(record).map((value) => typeof value)));
  const records = async () => (await askJson(api, "Actions")).Actions;
  expect(scalarsOf(await records())).toEqual(new Set(["string"]));
  api.options.scalars = "typed";
  expect((await records())[0]).toMatchObject({ CampaignId: expect.any(Number), Payout: expect.any(String) });
  api.options.scalars = "mixed";
  expect(new Set((await records()).map(({ Payout }: { Payout: unknown }) => typeof Payout))).toEqual(new Set(["string", "number"]));
});

test("one action, its items, one update, and 404 for others", async () => {
  const { api, population } = await newApi();
  const action = population.actions[0];
  const update = action?.changes[0];
  expect(await askJson(api, `Actions/${action?.id}`)).toMatchObject({
    Id: action?.id,
    Uri: `/Mediapartners/IRpartner1/Actions/${action?.id}`,
  });
  expect(await askJson(api, `Actions/${action?.id}.json`)).toMatchObject({ Id: action?.id });
  expect((await askJson(api, `Actions/${action?.id}/Items`)).ActionItems).toHaveLength(1);
  expect(await askJson(api, `ActionUpdates/${update?.id}`)).toMatchObject({ Id: update?.id, ActionId: action?.id });
  for (const path of ["Actions/1.2.3", "ActionUpdates/1.2.3.4", `Actions/${action?.id}/Nothing`, "Nothing", "ActionInquiries/1", "Jobs/1"])
    expect((await ask(api, path)).status, path).toBe(404);
  expect(await askJson(api, "Nothing")).toEqual({ Status: "ERROR", Message: expect.any(String) });
});

test("what is still to come cannot be seen", async () => {
  const { api, population } = await newApi();
  const { id, changes } = population.actions.find((action) => action.changes.length > 2) ?? { id: "", changes: [] };
  population.clock.set(changes[0]?.at ?? 0);
  expect(await askJson(api, `Actions/${id}`)).toMatchObject({ State: "PENDING", ClearedDate: "" });
  expect((await ask(api, `ActionUpdates/${changes[1]?.id}`)).status).toBe(404);
  population.clock.advance(-1);
  expect((await ask(api, `Actions/${id}`)).status).toBe(404);
});

test("a brand's API wants a campaign, and has fields of its own", async () => {
  const { api } = await newApi({}, { account: brand, scalars: "typed" });
  for (const list of ["Actions", "ActionUpdates", "ActionInquiries"])
    expect((await askJson(api, list)).Errors, list).toEqual([{ Field: "CampaignId", Message: "CampaignId is required" }]);
  const { Actions } = await askJson(
    api,
    "Actions?CampaignId=1000&LockingDateStart=2026-06-10T00:00:00Z&LockingDateEnd=2026-07-20T00:00:00Z",
  );
  expect(Actions[0]).toMatchObject({
    CampaignId: 1000,
    Payout: expect.any(Number),
    MediaPartnerName: "Acme Partner",
    ClientCost: expect.any(Number),
  });
  expect(Actions[0]).not.toHaveProperty("SubId1");
  expect((await ask(api, "Jobs")).status).toBe(200);
});

test("calls are counted by the hour of the simulator's clock; what is over the limit is 429 with Retry-After", async () => {
  const { api, population } = await newApi({ until: Date.UTC(2026, 6, 1, 10, 45) }, { perHour: 2 });
  const left = async () => {
    const { status, headers } = await ask(api, "Jobs");
    return [
      status,
      headers.get("x-ratelimit-limit-hour"),
      headers.get("x-ratelimit-remaining-hour"),
      headers.get("ratelimit-reset"),
      headers.get("retry-after"),
    ];
  };
  expect(await left()).toEqual([200, "2", "1", "900", null]);
  expect((await ask(api, "Jobs", {}, { ...partner, token: "no" })).status).toBe(401); // costs nothing
  expect(await left()).toEqual([200, "2", "0", "900", null]);
  expect(await left()).toEqual([429, "2", "0", "900", "900"]);
  population.clock.advance(hour / 4);
  expect(await left()).toEqual([200, "2", "1", "3600", null]);
  api.throttle(5_000);
  expect(await left()).toEqual([429, "2", "0", "3600", "5"]);
});

test("each request is recorded, with the user and without the password", async () => {
  const { api, population } = await newApi();
  await ask(api, "Actions.json?State=PENDING", { "ir-version": "16" });
  expect(api.requests).toMatchObject([
    { at: population.clock.now(), method: "GET", path: "/Mediapartners/IRpartner1/Actions.json", query: { State: "PENDING" }, status: 200 },
  ]);
  expect(api.requests[0]?.headers).toMatchObject({ authorization: "Basic IRpartner1:…", "ir-version": "16" });
  expect(JSON.stringify(api.requests)).not.toContain(partner.token);
});

test("anything but GET is 405", async () => {
  const { api } = await newApi();
  const authorization = `Basic ${btoa(`${partner.sid}:${partner.token}`)}`;
  const answer = await fetch(`${api.origin}/Mediapartners/${partner.sid}/Actions`, { method: "POST", headers: { authorization } });
  expect(answer.status).toBe(405);
});

test("a job's file: 202 with the job before its end, then where it is, or itself; nothing when it failed", async () => {
  const { api, population } = await newApi({ jobs: 30 });
  const job = population.jobs.find(({ end }) => end === "COMPLETED");
  const failed = population.jobs.find(({ end }) => end === "FAILED");
  if (!job || !failed) throw new Error("there is no such job");
  const path = `Jobs/${job.id}/Download`;
  population.clock.set(job.createdAt);
  const early = await ask(api, path);
  expect([early.status, await early.json()]).toMatchObject([202, { Id: job.id, Status: "QUEUED" }]);

  population.clock.set(job.endedAt + day);
  const moved = await ask(api, path, {});
  const location = moved.headers.get("location") ?? "";
  expect([moved.status, new URL(location).origin === api.origin]).toEqual([302, false]);
  expect(new Uint8Array(await (await fetch(location)).arrayBuffer())).toEqual(job.result);
  expect((await fetch(location, { headers: { authorization: "Basic x" } })).status).toBe(400);
  expect(api.leaks()).toBe(1);
  expect((await fetch(location.replace(/.$/, "x"))).status).toBe(403);

  const streamed = await ask(api, `${path}?Mode=Stream`, {});
  expect([streamed.status, new Uint8Array(await streamed.arrayBuffer())]).toEqual([200, job.result]);
  api.options.downloads = "direct";
  expect((await ask(api, path)).status).toBe(200);
  population.clock.set(failed.endedAt);
  expect((await ask(api, `Jobs/${failed.id}/Download`)).status).toBe(404);
  expect(await askJson(api, `Jobs/${failed.id}`)).toMatchObject({ Status: "FAILED" });
});
