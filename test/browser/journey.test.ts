import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../flow/edge.ts";
import { launchChromium, visit } from "./chromium.ts";
import { type House, newHouse } from "./house.ts";
import { seriousOf } from "./looks.ts";

let browser: Browser;
let house: House;
let page: Page;
let complaints: string[];
let postbackUrl: string;
let destination: string;

beforeAll(async () => {
  [browser, house] = await Promise.all([launchChromium(), newHouse()]);
  ({ page, complaints } = await visit(browser, house.base, house.token));
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

/** Calls the source's URL, as impact.com does. */
async function postback(fields: Record<string, string>): Promise<void> {
  const response = await fetch(`${postbackUrl}?${new URLSearchParams(fields)}`);
  if (response.status >= 500) throw new Error(`the postback was answered ${response.status}`);
}

const sale = (id: string, payout = "12.50") => ({ ActionId: id, Status: "PENDING", Payout: payout, DeltaPayout: payout, Currency: "USD" });
const main = () => page.locator("main");
const stated = (word: string) => main().locator(".state", { hasText: word });
const open = (path: string) => page.goto(house.base + path);
const arrivals = (id: string) => house.far.arrivals.filter(({ body }) => body.includes(`"${id}"`));

describe("from the first start to a mended failure", () => {
  test("the first page shows the way", async () => {
    expect(new URL(page.url()).pathname).toBe("/overview");
    await main().getByText("Four steps to the first event").waitFor();
    await main().getByRole("link", { name: "Connect it" }).waitFor();
  });

  test("a source is made, and tells what to paste, and that it waits", async () => {
    await open("/sources/new");
    await page.getByLabel("Name").fill("our partner account");
    await page.getByRole("button", { name: "Create source" }).click();
    await main().getByText("The source was created.").waitFor();
    await main().getByText("Waiting for the first call").waitFor();
    const pasted = (await main().getByLabel("URL for POST, action-lifecycle").textContent()) ?? "";
    expect(pasted).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/in\/[\w-]{32}\/action-lifecycle$/);
    expect(await main().getByLabel("URL for GET, action-lifecycle").textContent()).toContain("delta_payout={DeltaPayout}");
    postbackUrl = pasted;
  });

  test("the first postback appears by itself, there and in the list of events", async () => {
    const list = await page.context().newPage();
    await list.goto(`${house.base}/events`);
    await list.getByText("No postback has come yet").waitFor();
    await postback({ ...sale("first.1"), order_no: "A-17" });
    await main().getByText("first.1").first().waitFor();
    await list.getByRole("cell", { name: "first.1" }).waitFor();
    await list.close();
    await page.getByRole("link", { name: "Keys" }).click();
    await main().getByRole("combobox", { name: "Read order_no as" }).waitFor();
  });

  test("a destination's filter is checked while it is typed: the place of the mistake, then what it selects", async () => {
    await open("/destinations/new");
    await page.getByLabel("Name").fill("ledger");
    await page.getByLabel("URL", { exact: true }).fill(`${house.far.url}/hook`);
    const filter = page.getByRole("textbox", { name: "Filter" });
    await filter.pressSequentially("payot >= 10.0");
    await page.locator("#filter-check").getByText("payot").first().waitFor();
    expect(await page.locator("#filter-check").textContent()).toMatch(/line 1, column 1/i);
    await page.getByRole("button", { name: "Create destination" }).last().click();
    await page.locator("textarea[name=filter][aria-invalid]").waitFor();
    expect(await filter.inputValue()).toBe("payot >= 10.0");
    await filter.fill("payout >= 10.0");
    await page
      .locator("#filter-check")
      .getByText(/selects 1 of the latest 1/)
      .waitFor();
    expect(await main().locator("[aria-invalid], .mistake, .notice.bad").count()).toBe(0);
    expect(await filter.inputValue()).toBe("payout >= 10.0");
    expect(await seriousOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Create destination" }).last().click();
    await main()
      .getByText(/^whsec_/)
      .waitFor();
    destination = new URL(page.url()).pathname;
  });

  test("a test is sent, and seen to arrive", async () => {
    await page.getByRole("button", { name: "Send a test" }).click();
    await main().getByText("It arrived").waitFor();
    expect(house.far.arrivals.at(-1)?.path).toBe("/hook");
  });

  test("the next postback is delivered, and its page says so", async () => {
    await postback(sale("second.2"));
    await until(() => arrivals("second.2").length === 1);
    await open("/events?action_id=second.2");
    await main().getByRole("link", { name: "action.pending" }).click();
    await stated("delivered").first().waitFor();
    await open("/overview");
    await main().getByText("What came, where it went").waitFor();
  });

  test("the far side breaks, and the failures are seen", async () => {
    await house.operate(destination, { retry_schedule: [] }, "PATCH");
    house.far.behaveLike((response) => void response.writeHead(500).end("the ledger is <b>closed</b>"));
    for (const n of [1, 2, 3]) await postback(sale(`broken.${n}`));
    await open("/deliveries?state=exhausted");
    await stated("exhausted").nth(2).waitFor({ timeout: 20_000 });
    await open("/destinations");
    await stated("failing").waitFor();
  });

  test("the far side is mended, and what was given up is recovered with its progress", async () => {
    house.far.behaveLike((response) => void response.end("ok"));
    await open("/deliveries?state=exhausted");
    await page.getByRole("link", { name: "Recover many" }).click();
    await page.getByRole("button", { name: /Preview/ }).click();
    await main().getByText("Would be sent again").waitFor();
    expect(await main().textContent()).toMatch(/Would be sent again\s*3(?!\d)/);
    await page
      .getByRole("button", { name: /Start|Recover/ })
      .last()
      .click();
    await page.waitForURL(/\/recoveries\/rcv_/);
    await stated("finished").first().waitFor({ timeout: 30_000 });
    await until(() => [1, 2, 3].every((n) => arrivals(`broken.${n}`).length >= 2));
  });

  test("a call that could not be read is mended by its mapping, and taken once more", async () => {
    const sources = (await house.operate("/sources")).data as { id: string; name: string }[];
    const { id } = sources.find(({ name }) => name === "our partner account") as { id: string };
    await house.operate(`/sources/${id}`, { mapping: { note: "Payout" } }, "PATCH");
    await postback({ ...sale("odd.1"), note: "twelve and a half" });
    await open("/quarantine");
    await main().locator('tbody a[href^="/quarantine/"]').first().click();
    await main()
      .getByText(/twelve and a half/)
      .first()
      .waitFor();
    await page.getByLabel("Read note as").fill("SubId1");
    await main().getByText("With this mapping it becomes action.pending").waitFor();
    await page.getByRole("button", { name: /Save this mapping/ }).click();
    await page.getByRole("button", { name: "Re-ingest this call" }).click();
    await page.waitForURL(/\/events\/evt_/);
    await main().getByText("twelve and a half").first().waitFor();
    await until(() => arrivals("odd.1").length === 1);
  });

  test("nothing was complained about on the way", () => {
    expect(complaints).toEqual([]);
  });
});
