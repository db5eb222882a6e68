import fs from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** Where Chromium usually is, besides CHROMIUM and what `npx playwright-core install chromium` brings. */
const places = [
  process.env["CHROMIUM"],
  chromium.executablePath(),
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/** A headless Chromium that talks to nobody but the pages it is sent to. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = places.find((place) => place && fs.existsSync(place));
  if (!executablePath)
    throw new Error("No Chromium was found. Install one (npx playwright-core install chromium), or say where it is: CHROMIUM=/path/to/it.");
  const silent = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];
  return await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", ...silent] });
}

export const widths = { desk: 1280, tablet: 768, phone: 390 };

/** What a page complained about: errors of its scripts, and what its Content-Security-Policy stopped. */
export interface Watched {
  page: Page;
  complaints: string[];
}

/** A page of a new visitor, signed in. An `alert` is a complaint as well: nothing of ours opens one. */
export async function visit(browser: Browser, base: string, token: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: widths.desk, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on("dialog", async (dialog) => {
    if (dialog.type() === "alert") complaints.push(`alert: ${dialog.message()}`);
    await dialog.accept();
  });
  await page.goto(`${base}/login`);
  await page.getByLabel("Operator token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/login");
  return { page, complaints };
}
