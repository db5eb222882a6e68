import { connected, silenced } from "./connected.ts";
import { payloads } from "./hostile.ts";
import type { House } from "./house.ts";

const shops = ["Aldi Nord", "Fjällräven", "Nordwind Travel", "Brew & Bean"];

/** An action that lives: tracked, modified, reversed in part, and the modification comes before the tracking. */
export const lived = {
  ActionId: "1000.4636.299999",
  Currency: "USD",
  CampaignId: "101",
  CampaignName: "Fjällräven",
  ActionTrackerId: "70",
  ActionTrackerName: "Sale",
  SubId1: "newsletter-2",
  SharedId: "deal-1",
  PromoCode: "SAVE10",
  EventDate: "2026-11-20T09:12:44Z",
};
const life = [
  { Status: "PENDING", Payout: "14.40", DeltaPayout: "2.40", Amount: "288.00", DeltaAmount: "48.00" },
  { Status: "PENDING", Payout: "12.00", DeltaPayout: "12.00", Amount: "240.00", DeltaAmount: "240.00" },
  { Status: "APPROVED", Payout: "14.40", DeltaPayout: "0.00", Amount: "288.00", DeltaAmount: "0.00" },
  { Status: "REVERSED", Payout: "0.00", DeltaPayout: "-14.40", Amount: "0.00", DeltaAmount: "-288.00", StatusDetail: "ITEM_RETURNED" },
];

/** Three days of an ordinary partner, in little: sales with their lives, repeats, bad calls, and destinations of every health. */
export async function fill(house: House): Promise<void> {
  const { operate, far, postbackUrl } = house;
  far.behaveLike((response, { path }) => {
    if (path.startsWith("/ledger")) return void response.writeHead(500).end("The ledger is being closed, come again");
    response.end("thanks");
  });
  await operate("/destinations", { name: "warehouse", url: `${far.url}/warehouse` });
  const ledger = await operate("/destinations", {
    name: "ledger",
    url: `${far.url}/ledger`,
    filter: 'status == "REVERSED"',
    retry_schedule: [],
  });
  const { id } = await operate("/destinations", { name: "reporting", url: `${far.url}/reporting`, filter: "payout >= 40.0" });
  await operate(`/destinations/${id}`, { state: "paused" }, "PATCH");
  const brand = await operate("/sources", { name: "brand account", account: "brand" });
  silenced(house, brand.id);
  for (let n = 0; n < 120; n++) {
    const payout = `${(n * 7919) % 60}.${String((n * 31) % 100).padStart(2, "0")}`;
    const isReversed = n % 9 === 8;
    const call = new URLSearchParams({
      ActionId: `1000.4636.${300_000 + n}`,
      Status: isReversed ? "REVERSED" : "PENDING",
      Payout: isReversed ? "0" : payout,
      DeltaPayout: isReversed ? `-${payout}` : payout,
      Amount: `${(n * 7919) % 900}.50`,
      DeltaAmount: `${(n * 7919) % 900}.50`,
      Currency: n % 4 === 3 ? "EUR" : "USD",
      CampaignId: String(100 + (n % 4)),
      CampaignName: shops[n % 4] as string,
      ActionTrackerId: String(70 + (n % 3)),
      ActionTrackerName: ["Sale", "Sign-up", "Upgrade"][n % 3] as string,
      SubId1: `newsletter-${n % 5}`,
      SharedId: `deal-${n % 3}`,
      PromoCode: n % 3 ? "" : "SAVE10",
      EventDate: new Date(Date.now() - n * 2_000_000).toISOString(),
      order: `ORD-${n}`,
    });
    await fetch(`${postbackUrl}?${call}`);
    if (n % 13 === 0) await fetch(`${postbackUrl}?${call}`);
    if (n % 20 === 7) await fetch(`${postbackUrl}?ActionId=1000.4636.${n}&Status=PENDING&Payout=twelve`);
  }
  for (const step of life) await fetch(`${postbackUrl}?${new URLSearchParams({ ...lived, ...step })}`);
  await connected(house, "second partner account");
  await operate("/recoveries", { destination: ledger.id });
  const inquiry = { InquiryId: "15652378", Status: "UNRESOLVED", ActionId: "1000.4636.300003", OrderId: "ORD-3" };
  await fetch(`${postbackUrl.replace("action-lifecycle", "action-inquiry")}?${new URLSearchParams(inquiry)}`);
}

/** Every hostile value, in every place that a postback or an operator can put one. */
export async function fillHostile(house: House): Promise<void> {
  const { operate, far, postbackUrl } = house;
  for (const [n, value] of payloads.entries()) {
    const everywhere = {
      Status: value,
      CampaignName: value,
      CampaignId: value,
      ActionTrackerName: value,
      SubId1: value,
      SharedId: value,
      PromoCode: value,
    };
    const id = n % 2 ? value : `hostile-${n}`;
    const good = new URLSearchParams({ ActionId: id, Payout: "1.50", Currency: "USD", ...everywhere, [value]: value });
    await fetch(`${postbackUrl}?${good}`, { headers: { "user-agent": "Impact" } });
    await fetch(`${postbackUrl}?${new URLSearchParams({ ActionId: value, Status: "PENDING", Payout: value, [value]: value })}`);
  }
  far.behaveLike(
    (response, { path }) =>
      void response.writeHead(path === "/" ? 500 : 200, { "x-note": "<script>alert(1)</script>" }).end(payloads.join("\n")),
  );
  const name = `<img src=x onerror=alert(1)>"'`;
  await operate("/destinations", {
    name,
    url: `${far.url}/?<script>alert(1)</script>=1`,
    filter: 'promo_code != "</textarea><script>alert(1)</script>"',
  });
  const source = await operate("/sources", { name, account: "partner", mapping: { '"><script>alert(1)</script>': "SubId1" } });
  silenced(house, source.id);
  await connected(house, `<svg onload=alert(1)>`, ({ actions }) => {
    for (const [n, action] of actions.entries()) {
      const name = payloads[n % payloads.length] as string;
      Object.assign(action, { subId1: name, sharedId: name, promoCode: name, oid: name, campaign: { ...action.campaign, name } });
      action.tracker = { ...action.tracker, name };
    }
  });
  await fetch(`${postbackUrl}?ActionId=last&Status=PENDING&Payout=2&Currency=USD&PromoCode=x`);
}

const rooms = (
  "/overview /events /actions /reports /reports?by=campaign /inquiries /tracking-value-requests /jobs /deliveries /recoveries /recoveries/new " +
  "/destinations /destinations/new /presets /sources /sources/new /quarantine /quarantine/reingest /reconciliations /reconciliations/new " +
  "/gaps /capture /alerts /settings /audit"
).split(" ");

/** Every page there is, with the ids that are there now. */
export async function pathsOf({ operate }: House): Promise<string[]> {
  const first = async (list: string, key = "id") => {
    const id = (await operate(`${list}${list.includes("?") ? "&" : "?"}limit=1`)).data[0]?.[key];
    return id === undefined ? [] : [`${list.split("?")[0]}/${encodeURIComponent(id)}`];
  };
  const all = async (list: string) => (await operate(list)).data.map(({ id }: { id: string }) => `${list}/${encodeURIComponent(id)}`);
  const [destinations, sources] = [await all("/destinations"), await all("/sources")];
  return [
    ...rooms,
    ...(await first("/events")),
    ...(await first("/actions", "action_id")),
    ...(await first("/inquiries")),
    ...(await first("/deliveries")),
    ...(await first("/deliveries?state=exhausted")),
    ...(await first("/quarantine")),
    ...(await first("/jobs")),
    ...(await first("/recoveries")),
    ...(await first("/reconciliations")),
    ...destinations.slice(-1).flatMap((path: string) => [path, `${path}/edit`, `${path}/preview`, `${path}/health`]),
    ...sources.slice(-1).flatMap((path: string) => [path, `${path}/connect`, `${path}/keys`, `${path}/edit`, `${path}/access`]),
  ];
}
