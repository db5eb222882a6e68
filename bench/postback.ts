/** A run's calls are told apart from those of every other run. */
const run = Date.now().toString(36);
let calls = 0;

/** The query of an action's first tracking, with 23 parameters as a template of impact.com has them; no two calls are equal. */
export function postback(): string {
  const number = calls++;
  const cents = 500 + (number % 20_000);
  const amount = (cents / 100).toFixed(2);
  const payout = (cents / 2500).toFixed(2);
  const landing = `https://shop.example.com/item/${6000000 + (number % 90_000)}?irclickid=${run}${number}AAAAAAAA&irgwc=1`;
  return new URLSearchParams({
    campaign_name: "Example Outdoor",
    campaign_id: "10014",
    action_tracker_id: "17897",
    action_id: `10014.4579.${run}.${number}`,
    status: "PENDING",
    status_detail: "",
    ad_id: "614286",
    payout,
    delta_payout: payout,
    intended_payout: payout,
    amount,
    delta_amount: amount,
    intended_amount: amount,
    currency: "USD",
    original_currency: "USD",
    original_amount: amount,
    event_date: "2026-11-20T03:25:10-05:00",
    locking_date: "2027-01-16T00:00:00-05:00",
    referring_domain: "news.example.org",
    landing_page_url: landing,
    sub_id1: `user-${number % 5000}`,
    sub_id2: "newsletter",
    promo_code: "",
  }).toString();
}
