import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchChromium, visit, widths } from "./chromium.ts";
import { type House, newHouse } from "./house.ts";
import { overflowOf, seriousOf } from "./looks.ts";
import { fill, fillHostile, lived, pathsOf } from "./population.ts";

/** `PICTURES=docs/pictures npm run test:browser` makes those of the README. */
const pictures = process.env["PICTURES"];

let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(() => browser?.close());

const phone = { viewport: { width: widths.phone, height: 844 }, isMobile: true, hasTouch: true };
const ways: [way: string, options: BrowserContextOptions][] = [
  ["at a desk, in the light", {}],
  ["at a desk, in the dark", { colorScheme: "dark" }],
  ["on a phone, in the light", phone],
  ["on a phone, in the dark", { ...phone, colorScheme: "dark" }],
];

describe.each([
  ["nothing", async () => {}],
  ["an ordinary time", fill],
  ["hostile values", fillHostile],
])("with %s in it", (_, populate) => {
  let house: House;
  let paths: string[];
  beforeAll(async () => {
    house = await newHouse();
    await populate(house);
    await house.tick();
    paths = await pathsOf(house);
  });
  afterAll(() => house?.close());

  test.each(ways)("every page holds together %s", { timeout: 300_000 }, async (_way, options) => {
    const { page, complaints } = await visit(browser, house.base, house.token, options);
    const found: string[] = [];
    for (const path of ["/login", "/nowhere", ...paths]) {
      const response = await page.goto(house.base + path);
      const status = response?.status() ?? 0;
      if (status >= 400 && path !== "/nowhere") found.push(`${path}: answers ${status}`);
      if (!response?.headers()["content-type"]?.startsWith("text/html")) found.push(`${path}: is no page`);
      found.push(...(await seriousOf(page)).map((violation) => `${path}: ${violation}`));
      const overflow = await overflowOf(page);
      if (overflow > 0) found.push(`${path}: is ${overflow} px too wide`);
      found.push(...complaints.splice(0).map((complaint) => `${path}: ${complaint}`));
    }
    await page.context().close();
    expect(found).toEqual([]);
  });

  test.runIf(pictures && populate === fill)("the README has pictures of it", async () => {
    const { page } = await visit(browser, house.base, house.token, { viewport: { width: 1180, height: 760 } });
    const shown = { action: `/actions/${lived.ActionId}` };
    for (const [name, path] of Object.entries(shown)) {
      await page.goto(house.base + path);
      await page.waitForTimeout(500);
      await page.screenshot({ path: `${pictures}/${name}.png` });
    }
    await page.goto(`${house.base}/destinations/new`);
    await page.getByLabel("Name").fill("ledger");
    await page.getByLabel("URL", { exact: true }).fill("https://ledger.example.com/hooks/impact");
    await page.getByRole("textbox", { name: "Filter" }).fill('status == "APPROVED" || payout >= 40.0');
    await page
      .locator("#filter-check")
      .getByText(/selects \d+ of the latest/)
      .waitFor();
    await page.screenshot({ path: `${pictures}/destination.png` });
    await page.context().close();
  });

  test("every page says what it has to say without scripts", { timeout: 120_000 }, async () => {
    const scripted = await visit(browser, house.base, house.token);
    const plain = await visit(browser, house.base, house.token, { javaScriptEnabled: false });
    for (const path of paths) {
      await scripted.page.goto(house.base + path);
      await plain.page.goto(house.base + path);
      expect(await plain.page.locator("h1").textContent(), path).toBe(await scripted.page.locator("h1").textContent());
      expect(await plain.page.locator("main .table tbody tr").count(), path).toBe(
        await scripted.page.locator("main .table tbody tr").count(),
      );
    }
    await Promise.all([scripted.page.context().close(), plain.page.context().close()]);
  });
});
