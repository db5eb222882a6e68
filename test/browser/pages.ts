/** `npm run pages [folder]`: every page with full, empty and hostile data, in three widths, light and dark, as pictures to look at. */
import fs from "node:fs";
import path from "node:path";
import type { Browser } from "playwright-core";
import { launchChromium, visit, widths } from "./chromium.ts";
import { type House, newHouse } from "./house.ts";
import { fill, fillHostile, pathsOf } from "./population.ts";

const folder = path.resolve(process.argv[2] ?? "pages");
const populations = { empty: async () => {}, full: fill, hostile: fillHostile };

const browser = await launchChromium();
const pictures: string[] = [];
try {
  for (const [name, populate] of Object.entries(populations)) {
    const house = await newHouse();
    try {
      await populate(house);
      await house.tick();
      for (const scheme of ["light", "dark"] as const)
        for (const [width, pixels] of Object.entries(widths)) await picture(browser, house, { name, scheme, width, pixels });
    } finally {
      await house.close();
    }
  }
} finally {
  await browser.close();
}
fs.writeFileSync(path.join(folder, "index.html"), indexOf(pictures));
console.log(`${pictures.length} pictures are in ${folder}; open index.html there.`);

interface Look {
  name: string;
  scheme: "light" | "dark";
  width: string;
  pixels: number;
}

async function picture(from: Browser, house: House, { name, scheme, width, pixels }: Look): Promise<void> {
  const { page } = await visit(from, house.base, house.token, { viewport: { width: pixels, height: 900 }, colorScheme: scheme });
  for (const at of ["/login", ...(await pathsOf(house))]) {
    await page.goto(house.base + at);
    const file = `${name}/${at
      .slice(1)
      .replace(/[^\w-]+/g, "_")
      .slice(0, 60)}.${width}.${scheme}.png`;
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    await page.screenshot({ path: path.join(folder, file), fullPage: true });
    pictures.push(file);
  }
  await page.context().close();
}

function indexOf(files: string[]): string {
  const figures = files.map(
    (file) => `<figure><a href="${file}"><img src="${file}" width="320" loading="lazy"></a><figcaption>${file}</figcaption></figure>`,
  );
  return `<!doctype html><meta charset="utf-8"><title>Pages</title><style>body{display:flex;flex-wrap:wrap;gap:1rem}img{border:1px solid #ccc}</style>${figures.join("")}`;
}
