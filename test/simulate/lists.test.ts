import { afterEach, expect, test } from "vitest";
import { day, hour, second } from "../../simulate/clock.ts";
import { newPopulation } from "../../simulate/population.ts";
import { serve } from "../../simulate/server.ts";
import { ask, askJson, closeAll, iso, newApi, partner, span, walk } from "./kit.ts";

afterEach(closeAll);

/** The message about a field that a request is refused for. */
async function refusal(path: string, population = {}): Promise<unknown> {
  const { api } = await newApi(population);
  const answer = await ask(api, path);
  const body = (await answer.json()) as any;
  return [answer.status, body.Status, body.Errors?.[0]?.Field];
}

const end = Date.UTC(2026, 6, 1, 8); // where the population's clock stands

test.each([
  ["StartDate without EndDate", "StartDate=2026-06-20T00:00:00Z", "EndDate"],
  ["EndDate without StartDate", "EndDate=2026-06-20T00:00:00Z", "StartDate"],
  ["LockingDateStart alone", "LockingDateStart=2026-06-20T00:00:00Z", "LockingDateEnd"],
  ["a date without a time", "StartDate=2026-06-20&EndDate=2026-06-21", "StartDate"],
  ["a date without a zone", "StartDate=2026-06-20T00:00:00&EndDate=2026-06-21T00:00:00Z", "StartDate"],
  ["an offset whose + was not encoded", "StartDate=2026-06-20T00:00:00+08:00&EndDate=2026-06-21T00:00:00Z", "StartDate"],
  ["an end before its start", "StartDate=2026-06-20T00:00:00Z&EndDate=2026-06-19T00:00:00Z", "EndDate"],
  ["more than 45 days", span(end - 45 * day - second, end), "StartDate"],
  ["more than 45 days of locking", span(end - 45 * day - second, end, "LockingDateStart", "LockingDateEnd"), "LockingDateStart"],
  ["a start of more than three years ago", span(end - 1097 * day, end - 1090 * day), "StartDate"],
  ["a state that does not exist", "State=PAID", "State"],
  ["a campaign that is no number", "CampaignId=abc", "CampaignId"],
  ["a page of less than 2,000", "PageSize=1999", "PageSize"],
])("%s is refused with 400, of Actions and ActionUpdates", async (_, query, field) => {
  for (const list of ["Actions", "ActionUpdates"]) expect(await refusal(`${list}?${query}`)).toEqual([400, "ERROR", field]);
});

test("45 days and three years are allowed", async () => {
  const { api } = await newApi();
  for (const query of [span(end - 45 * day, end), span(end - 1095 * day, end - 1090 * day)])
    expect((await ask(api, `ActionUpdates?${query}`)).status).toBe(200);
});

test("without dates it is the past seven days", async () => {
  const { api, population } = await newApi();
  const of = (days: number) => population.truth().actions.flatMap(({ updates }) => updates.filter(({ at }) => at >= end - days * day));
  expect((await walk(api, "ActionUpdates", "ActionUpdates")).length).toBe(of(7).length);
  expect((await walk(api, `ActionUpdates?${span(end - 30 * day, end)}`, "ActionUpdates")).length).toBe(of(30).length);
  expect(of(30).length).toBeGreaterThan(of(7).length);
});

test("dates of another sort take the place of the seven days, or do not: both can be had", async () => {
  const { api } = await newApi();
  const locking = `Actions?${span(end - 40 * day, end, "LockingDateStart", "LockingDateEnd")}`;
  const all = await walk(api, locking, "Actions");
  api.options.usualDays = "without-start-date";
  expect((await walk(api, locking, "Actions")).length).toBeLessThan(all.length);
});

test("all updates are there, the newest first, each with its deltas", async () => {
  const { api, population } = await newApi();
  const updates = await walk(api, `ActionUpdates?${span(end - 45 * day, end)}`, "ActionUpdates");
  expect(updates.map(({ Id }) => Id).sort()).toEqual(
    population
      .truth()
      .actions.flatMap((action) => action.updates.map(({ id }) => id))
      .sort(),
  );
  const times = updates.map(({ UpdateDate }) => Date.parse(UpdateDate));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect(updates.some(({ DeltaPayout }) => DeltaPayout.startsWith("-"))).toBe(true);
  expect(updates.every(({ UpdateDate }) => /T\d\d:\d\d:\d\d[+-]\d\d:00$/.test(UpdateDate))).toBe(true);
});

test("an update tells its own state or its action's present one", async () => {
  const { api, population } = await newApi({ actions: 0 });
  const { id, changes } = population.track();
  population.clock.advance(second);
  population.reverse(id);
  expect(await askJson(api, `ActionUpdates/${changes[0]?.id}`)).toMatchObject({ State: "PENDING" });
  api.options.updateState = "now";
  expect(await askJson(api, `ActionUpdates/${changes[0]?.id}`)).toMatchObject({ State: "REVERSED", StateDetail: "OTHER" });
});

test("locking shows by the locking date, and neither as an update nor by StartDate", async () => {
  const { api, population } = await newApi({ actions: 0 });
  const { id } = population.track();
  population.clock.advance(2 * hour);
  population.lock(id);
  const now = population.clock.now();
  expect(await walk(api, `ActionUpdates?${span(now - hour, now)}`, "ActionUpdates")).toEqual([]);
  expect(await walk(api, `Actions?${span(now - hour, now)}`, "Actions")).toEqual([]);
  const locked = `Actions?State=APPROVED&${span(now - hour, now, "LockingDateStart", "LockingDateEnd")}`;
  expect(await walk(api, locked, "Actions")).toMatchObject([{ Id: id, State: "APPROVED" }]);
});

test("the locking date selects, both ends included", async () => {
  const { api, population } = await newApi();
  const dates = population.truth().actions.map(({ lockingAt }) => lockingAt);
  const [from, to] = dates.filter((at) => at > end - 20 * day && at < end).toSorted((a, b) => a - b) as [number, number];
  const found = await walk(api, `Actions?${span(from, to, "LockingDateStart", "LockingDateEnd")}`, "Actions");
  expect(found.length).toBe(dates.filter((at) => at >= from && at <= to).length);
  expect(found.length).toBeLessThan(dates.length);
});

test("campaign, state and the date of the event select", async () => {
  const { api, population } = await newApi();
  const { actions } = population.truth();
  const wanted = actions.filter(
    ({ campaignId, eventAt }) => campaignId === "1000" && eventAt >= end - 20 * day && eventAt <= end - 10 * day,
  );
  const query = `CampaignId=1000&${span(end - 20 * day, end - 10 * day, "ActionDateStart", "ActionDateEnd")}`;
  const found = await walk(api, `Actions?${query}`, "Actions");
  expect(found.map(({ Id }) => Id).sort()).toEqual(wanted.map(({ id }) => id).sort());
  const reversed = await walk(api, `Actions?State=REVERSED&${query}`, "Actions");
  expect(reversed.length).toBe(wanted.filter(({ state }) => state === "REVERSED").length);
});

test("inquiries by creation and resolution: the last word is in the record, not in a date", async () => {
  const { api, population } = await newApi({ inquiries: 40 });
  const truth = population.truth().inquiries;
  const all = await walk(api, "ActionInquiries", "ActionInquiries");
  expect(all.map(({ Id, ResolutionStatus, ActionId }) => ({ Id, ResolutionStatus, ActionId })).sort((a, b) => a.Id - b.Id)).toEqual(
    truth.map(({ id, status, actionId }) => ({ Id: id, ResolutionStatus: status, ActionId: actionId ?? "" })),
  );
  const open = await walk(api, "ActionInquiries?ResolutionStatus=UNRESOLVED", "ActionInquiries");
  expect(open.length).toBe(truth.filter(({ status }) => status === "UNRESOLVED").length);
  expect(open.length).toBeGreaterThan(0);
  const young = await walk(api, `ActionInquiries?${span(end - 10 * day, end)}`, "ActionInquiries");
  expect(young.length).toBe(population.inquiries.filter(({ createdAt }) => createdAt >= end - 10 * day && createdAt <= end).length);
});

test("pages follow each other until @nextpageuri is empty, without gap or repeat", async () => {
  const { api, population } = await newApi({}, { largestPage: 7 });
  const query = span(end - 45 * day, end);
  const first = await askJson(api, `ActionUpdates.json?${query}`);
  expect(first).toMatchObject({ "@page": "1", "@pagesize": "7", "@start": "0", "@end": "6", "@previouspageuri": "" });
  expect(first["@nextpageuri"]).toMatch(/^\/Mediapartners\/IRpartner1\/ActionUpdates\.json\?.*Page=2/);
  const updates = await walk(api, `ActionUpdates.json?${query}`, "ActionUpdates");
  const truth = population.truth().actions.flatMap((action) => action.updates.map(({ id }) => id));
  expect(updates.map(({ Id }) => Id).sort()).toEqual(truth.sort());
  expect(first["@numpages"]).toBe(String(Math.ceil(truth.length / 7)));
  const last = await askJson(api, first["@lastpageuri"]);
  expect([last["@nextpageuri"], last["@end"]]).toEqual(["", String(truth.length - 1)]);
  expect((await askJson(api, `ActionUpdates?${query}&Page=999`)).ActionUpdates).toEqual([]);
});

test("more than ten pages are refused", async () => {
  const population = newPopulation({ seed: 1, actions: 20_001, changing: 0 });
  const api = await serve({ population, account: partner, perHour: 100 });
  const answer = await ask(api, `Actions?PageSize=2000&${span(end - 45 * day, end)}`);
  expect([answer.status, ((await answer.json()) as any).Message]).toEqual([400, expect.stringContaining("more than 10 pages")]);
  expect((await ask(api, `Actions?PageSize=2001&${span(end - 45 * day, end)}`)).status).toBe(200);
  api.options.mostRecords = 5;
  expect((await ask(api, `Actions?${span(end - day, end)}`)).status).toBe(400);
  await api.close();
});

test("the world may change while its pages are read", async () => {
  const { api, population } = await newApi({ actions: 0 }, { largestPage: 2 });
  for (let n = 0; n < 5; n++) population.track();
  api.options.onRequest = () => {
    population.clock.advance(second);
    population.track();
  };
  const updates = await walk(api, `ActionUpdates?StartDate=${iso(end - day)}&EndDate=${iso(end + day)}`, "ActionUpdates");
  expect(updates.length).toBeGreaterThan(new Set(updates.map(({ Id }) => Id)).size); // rows move down and are seen twice
});
