import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, visit } from "./chromium.ts";
import { type House, newHouse } from "./house.ts";

let browser: Browser;
let house: House;

/** One sale with a click id of its own, and 6,000 after it: more than two pages are looked through. */
beforeAll(async () => {
  [browser, house] = await Promise.all([launchChromium(), newHouse()]);
  const sale = (id: string) =>
    new URLSearchParams({ ActionId: id, Status: "PENDING", Payout: "3.50", Currency: "USD", ClickId: `c-${id}` });
  await fetch(`${house.postbackUrl}?${sale("seldom.1")}`);
  await fetch(`${house.postbackUrl}?${sale("often.1")}`);
  const same =
    "source_id, kind, type, subject, action_id, status, is_test, received_at, currency, fields, method, query, headers, ip, body";
  house.write(`with recursive n(i) as (select 1 union all select i + 1 from n where i < 6000)
    insert into events (id, fingerprint, ${same})
    select printf('%s-%012x', substr(id, 1, 27), i), hex(randomblob(32)), ${same} from n cross join events where action_id = 'often.1'`);
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

test("what is seldom is looked for further and further back, by itself", async () => {
  const { page, complaints } = await visit(browser, house.base, house.token);
  await page.goto(`${house.base}/events?click_id=c-seldom.1`);
  await page.getByRole("link", { name: "seldom.1", exact: true }).waitFor();
  expect(await page.locator("main .table tbody tr").count()).toBe(1);
  expect([new URL(page.url()).search, complaints]).toEqual(["?click_id=c-seldom.1", []]);
  await page.context().close();
});

test("what is nowhere is said to be nowhere, at the end", async () => {
  const { page } = await visit(browser, house.base, house.token);
  await page.goto(`${house.base}/events?click_id=c-never.1`);
  await page.getByText("No event fits").waitFor();
  await page.context().close();
});

test("without scripts a button leads on, page by page, and says how far", async () => {
  const { page } = await visit(browser, house.base, house.token, { javaScriptEnabled: false });
  await page.goto(`${house.base}/events?click_id=c-seldom.1`);
  for (let pages = 0; pages < 2; pages++) {
    expect(await page.getByRole("status").textContent()).toMatch(/All that came since 20\d\d-.* UTC was looked at/);
    await page.getByRole("link", { name: "Look further back" }).click();
  }
  await page.getByRole("link", { name: "seldom.1", exact: true }).waitFor();
  await page.context().close();
});
