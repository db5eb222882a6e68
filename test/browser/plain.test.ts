import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../flow/edge.ts";
import { launchChromium, visit, widths } from "./chromium.ts";
import { type House, newHouse } from "./house.ts";

let browser: Browser;
let house: House;
let page: Page;

beforeAll(async () => {
  [browser, house] = await Promise.all([launchChromium(), newHouse()]);
  const phone = { viewport: { width: widths.phone, height: 844 }, javaScriptEnabled: false, colorScheme: "dark" } as const;
  ({ page } = await visit(browser, house.base, house.token, phone));
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

const main = () => page.locator("main");

describe("with scripts off, on a phone, in the dark", () => {
  test("the menu opens, and leads to every room", async () => {
    await page.getByText("Menu").click();
    await page.locator("details.menu").getByRole("link", { name: "Sources" }).click();
    expect(new URL(page.url()).pathname).toBe("/sources");
  });

  test("a destination's filter with a mistake is shown where it is wrong, with what was typed, and can be mended", async () => {
    await page.goto(`${house.base}/destinations/new`);
    await page.getByLabel("Name").fill("ledger");
    await page.getByLabel("URL", { exact: true }).fill(`${house.far.url}/hook`);
    await page.getByRole("textbox", { name: "Filter" }).fill('status == "PENDING" &&\n  payot > 1.0');
    await page.getByRole("button", { name: "Check the filter" }).click();
    expect(await main().textContent()).toMatch(/line 2, column 3/i);
    await page.getByRole("button", { name: "Create destination" }).last().click();
    expect(await page.getByRole("textbox", { name: "Filter" }).getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByLabel("Name").inputValue()).toBe("ledger");
    await page.getByRole("textbox", { name: "Filter" }).fill("payout > 1.0");
    await page.getByRole("button", { name: "Create destination" }).last().click();
    await main().getByText("The destination was created").waitFor();
    await main()
      .getByText(/^whsec_/)
      .waitFor();
  });

  test("a postback is seen, delivered, replayed, and found by its sub id", async () => {
    const sale = { ActionId: "plain.1", Status: "PENDING", Payout: "3.50", Currency: "USD", SubId1: "letter-7" };
    await fetch(`${house.postbackUrl}?${new URLSearchParams(sale)}`);
    await until(() => house.far.arrivals.length === 1);
    await page.goto(`${house.base}/events?q=letter-7`);
    await main().getByRole("link", { name: "action.pending" }).click();
    await page.getByRole("button", { name: "Replay" }).click();
    expect(house.far.arrivals.length).toBe(1); // the box that asks was not ticked
    await page.getByRole("checkbox", { name: "again" }).check();
    await page.getByRole("button", { name: "Replay" }).click();
    await until(() => house.far.arrivals.length === 2);
    expect(await page.getByRole("status").first().textContent()).toMatch(/sent again/);
  });

  test("a pause asks nothing, says what it did, and holds", async () => {
    await page.goto(`${house.base}/destinations`);
    await main().getByRole("link", { name: "ledger" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    await main().getByRole("button", { name: "Resume" }).waitFor();
    expect((await house.operate("/destinations")).data[0].state).toBe("paused");
  });

  test("deleting asks first", async () => {
    await page.getByText("Delete", { exact: false }).first().click();
    await page.getByRole("button", { name: "Delete for good" }).click();
    expect((await house.operate("/destinations")).data.length).toBe(1);
    await page.getByRole("checkbox", { name: "Delete this destination?" }).check();
    await page.getByRole("button", { name: "Delete for good" }).click();
    await main().getByText("No destination yet").waitFor();
    expect((await house.operate("/destinations")).data.length).toBe(0);
  });

  test("going out ends it: every page is behind the door again", async () => {
    await page.getByText("Menu").click();
    await page.locator("details.menu").getByRole("button", { name: "Sign out" }).click();
    await page.goto(`${house.base}/events`);
    expect(new URL(page.url()).pathname).toBe("/login");
  });
});
