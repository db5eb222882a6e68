/** Before `npm start`, `npm test` and `npm run deploy`: installs the dependencies if what is installed is not what the lockfile says. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

if (!isInstalled()) {
  console.log("Installing dependencies (npm ci), this takes a moment …");
  const status = install();
  if (status !== 0) {
    console.error("\nThe dependencies could not be installed; npm's reason is above. Try `npm ci` by hand, then run the command again.");
    process.exit(status);
  }
}

/** npm writes node_modules/.package-lock.json as the last step of an install, so an interrupted one counts as none. */
function isInstalled() {
  const wanted = packagesIn("package-lock.json");
  const present = packagesIn("node_modules/.package-lock.json");
  if (!wanted || !present) return false;
  return (
    Object.keys(present).every((path) => wanted[path]?.version === present[path].version) &&
    Object.keys(wanted).every((path) => path === "" || path in present || wanted[path].optional)
  );
}

function packagesIn(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
  } catch {
    return null;
  }
}

function install() {
  // NODE_ENV=production would leave out wrangler; npm's remarks about the engines are about the Node that installs, not the one that runs.
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath ?? "";
  const options = { cwd: root, stdio: ["ignore", "ignore", "inherit"] };
  const done = npm.endsWith("npm-cli.js")
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (done.error) console.error(done.error.message);
  return done.status ?? 1;
}
