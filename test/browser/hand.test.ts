import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { launchChromium, visit, widths } from "./chromium.ts";
import { type House, newHouse } from "./house.ts";

let browser: Browser;
let house: House;

beforeAll(async () => {
  [browser, house] = await Promise.all([launchChromium(), newHouse()]);
});
afterAll(async () => {
  await browser?.close();
  await house?.close();
});

const sale = async (id: string) =>
  await fetch(`${house.postbackUrl}?${new URLSearchParams({ ActionId: id, Status: "PENDING", Payout: "1.00", Currency: "USD" })}`);

test("the menu of a phone lies over the page, reaches its last door however low the window is, and closes by Escape", async () => {
  const { page } = await visit(browser, house.base, house.token, { viewport: { width: 844, height: 390 } });
  const top = async () => (await page.locator("h1").boundingBox())?.y;
  const before = await top();
  await page.getByText("Menu").click();
  expect(await top()).toBe(before);
  const out = page.locator("details.menu").getByRole("button", { name: "Sign out" });
  await out.scrollIntoViewIfNeeded();
  const box = await out.boundingBox();
  expect((box?.y ?? 999) + (box?.height ?? 0)).toBeLessThanOrEqual(390);
  await page.keyboard.press("Escape");
  expect(await out.isVisible()).toBe(false);
  expect(await page.evaluate("document.activeElement.tagName")).toBe("SUMMARY");
  await page.context().close();
});

test("a list keeps itself up to date until somebody pauses it, and goes on when told to", async () => {
  const { page } = await visit(browser, house.base, house.token);
  await page.goto(`${house.base}/events`);
  await sale("hand.1");
  await page.getByRole("link", { name: "hand.1", exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause updates" }).click();
  await sale("hand.2");
  await page.waitForTimeout(4_000); // longer than it takes to be read anew
  expect(await page.getByRole("link", { name: "hand.2", exact: true }).count()).toBe(0);
  await page.getByRole("button", { name: "Updates are paused" }).click();
  await page.getByRole("link", { name: "hand.2", exact: true }).waitFor();
  await page.context().close();
});

test("the tab that is open is in sight on a phone", async () => {
  const { page } = await visit(browser, house.base, house.token, { viewport: { width: widths.phone, height: 844 } });
  await page.goto(`${house.base}/jobs`);
  const box = await page.locator(".tabs [aria-current]").boundingBox();
  expect((box?.x ?? 999) + (box?.width ?? 0)).toBeLessThanOrEqual(widths.phone);
  await page.context().close();
});

test("a table is a stop of the Tab key only where it is to be scrolled; its rows are named by their first cell", async () => {
  const { page } = await visit(browser, house.base, house.token);
  await page.goto(`${house.base}/sources`);
  expect(await page.locator(".table").getAttribute("tabindex")).toBe("-1");
  expect(await page.getByRole("rowheader", { name: "impact" }).count()).toBe(1);
  await page.setViewportSize({ width: 840, height: 600 });
  await page.evaluate("document.querySelector('.table table').style.width = '2000px'; dispatchEvent(new Event('resize'))");
  expect(await page.locator(".table").getAttribute("tabindex")).toBe("0");
  await page.context().close();
});
