/** What the pages need from packages, copied to where the Worker serves it from. wrangler runs it before it builds. */
import { copyFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const assets = fileURLToPath(new URL("../public/assets", import.meta.url));
const { resolve } = createRequire(import.meta.url);

const wanted = {
  "htmx.js": join(dirname(resolve("htmx.org/package.json")), "dist/htmx.min.js"),
  "uplot.js": join(dirname(resolve("uplot/package.json")), "dist/uPlot.iife.min.js"),
  "uplot.css": join(dirname(resolve("uplot/package.json")), "dist/uPlot.min.css"),
};

for (const [name, from] of Object.entries(wanted)) copyFileSync(from, join(assets, name));
