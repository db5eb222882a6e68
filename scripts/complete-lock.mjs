// npm leaves a platform's optional package out of the lockfile when the registry in use does not carry it, and `npm ci` then fails
// everywhere ("Missing: @cloudflare/workerd-darwin-64@ from lock file"). This adds what the parents declare. Run it after `npm install`.
import fs from "node:fs";

const file = "package-lock.json";
const lock = JSON.parse(fs.readFileSync(file, "utf8"));
const systems = {
  darwin: /darwin|macos/,
  linux: /linux/,
  win32: /win32|windows|-win-/,
  android: /android/,
  freebsd: /freebsd/,
  openbsd: /openbsd/,
  netbsd: /netbsd/,
  sunos: /sunos/,
  aix: /aix/,
  openharmony: /openharmony/,
};
const processors = {
  arm64: /arm64|aarch64/,
  x64: /x64|-64$/,
  ia32: /ia32/,
  arm: /arm(?!64)/,
  ppc64: /ppc64/,
  s390x: /s390x/,
  riscv64: /riscv64/,
  loong64: /loong64/,
  mips64el: /mips64el/,
  wasm32: /wasm32|wasm/,
};

let added = 0;
for (const [parent, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(optionalDependencies)) {
    if (lock.packages[`${parent}/node_modules/${name}`] || lock.packages[`node_modules/${name}`]) continue;
    lock.packages[`node_modules/${name}`] = {
      version: range.replace(/^[\^~]/, ""),
      ...named("cpu", processors, name),
      dev: true,
      optional: true,
      ...named("os", systems, name),
    };
    added++;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
fs.writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added} packages of other systems added`);

/** `{os: ["darwin"]}` for a package whose name says so. */
function named(key, table, name) {
  const found = Object.keys(table).find((value) => table[value].test(name));
  return found ? { [key]: [found] } : {};
}
