import { expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { checkTarget, type Guard, parseAllowed } from "../../src/forward/target.ts";
import { hostileUrls } from "./hostile-urls.ts";

const strict: Guard = { allowLoopback: false, allowed: [] };
const development: Guard = { allowLoopback: true, allowed: [] };
const allowing = (...allowed: string[]): Guard => ({ allowLoopback: false, allowed });

/** Why a URL is refused; null when it is not. */
function refusalOf(url: string, guard = strict): string | null {
  try {
    checkTarget(url, guard);
    return null;
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "invalid_input") throw error;
    const [mistake] = error.mistakes;
    return mistake?.field === "url" && error.message === `The URL ${mistake.reason}.` ? mistake.reason : "in the wrong field";
  }
}

test.each(hostileUrls)("%j is refused", (url, why) => expect(refusalOf(url)).toContain(why));

test("a refused address names the way out", () => {
  expect(refusalOf("https://0x0a000001/")).toBe("leads to 10.0.0.1, a private address; call a public one, or add it to ALLOWED_TARGETS");
});

test.each([
  "https://example.com/hooks",
  "https://example.com./hooks",
  "https://example.com:8443/hooks?key=1",
  "https://example.com/a?to=https://10.0.0.1/&tab=\t&path=C:\\dir#\\",
  " https://example.com/hooks\n",
  "HTTPS://EXAMPLE.COM/",
  "https://far.example/hook",
  "https://bücher.example/",
  "https://xn--bcher-kva.example/",
  "https://例え.jp/",
  "https://日本語。jp/",
  "https://ｅｘａｍｐｌｅ.com/",
  "https://a_b.example.com/",
  "https://0.example.com/",
  "https://10.0.0.1.example.com/",
  "https://localhost.example.com/",
  "https://internal.example.com/",
  "https://mylocalhost.com/",
  "https://notnip.io/",
  "https://arpa.net/",
  "https://www.domaincontrol.com/",
  "https://1.1.1.1/",
  "https://8.8.8.8:8443/",
  "https://134744072/",
  "https://9.255.255.255/",
  "https://11.0.0.0/",
  "https://100.63.255.255/",
  "https://100.128.0.0/",
  "https://172.15.255.255/",
  "https://172.32.0.0/",
  "https://192.0.1.0/",
  "https://192.167.255.255/",
  "https://198.17.255.255/",
  "https://198.20.0.0/",
  "https://223.255.255.255/",
  "https://[2606:4700:4700::1111]/",
  "https://[2001:4860:4860::8888]:8443/",
  "https://[2001:200::1]/",
  "https://[2400:cb00::1]/",
  "https://[2620:fe::fe]/",
  "https://[2a00:1450:4001:81b::200e]/",
  "https://[2606:4700::1:5efe:1]/",
])("%j may be called", (url) => expect(refusalOf(url)).toBeNull());

test("gives the URL as it will be called", () => {
  expect(checkTarget("https://BÜCHER.example:443/a b", strict).href).toBe("https://xn--bcher-kva.example/a%20b");
});

test.each([
  "http://127.0.0.1:9999/hook",
  "http://localhost:9999/",
  "http://[::1]:9999/",
  "https://127.0.0.1/",
  "http://127.1/",
  "http://localhost./",
])("%s may be called in development only", (url) => {
  expect(refusalOf(url, development)).toBeNull();
  expect(refusalOf(url)).not.toBeNull();
});

test.each([
  ...["http://10.0.0.1/", "http://example.com/", "https://192.168.1.1/", "https://169.254.169.254/", "ftp://127.0.0.1/"],
  ...["http://user:pass@127.0.0.1/", "http://a.localhost/", "http://0.0.0.0/", "https://localtest.me/"],
])("%s is refused in development too", (url) => expect(refusalOf(url, development)).not.toBeNull());

test.each([
  ["10.0.0.1", "http://10.0.0.1:8080/hook"],
  ["10.0.0.1", "https://10.0.0.1./"],
  ["10.0.0.1", "http://0x0a000001/"],
  ["10.0.0.1", "http://012.1/"],
  ["10.0.0.1", "http://[::ffff:10.0.0.1]/"],
  ["10.0.0.0/8", "http://10.255.255.255/"],
  ["10.0.0.0/8", "http://167772161/"],
  ["127.0.0.0/8", "http://127.0.0.1/"],
  ["fd00::1", "http://[fd00:0:0:0::1]/"],
  ["fd00::/8", "http://[fd12:3456::1]/"],
  ["64:ff9b::/96", "https://[64:ff9b::10.0.0.1]/"],
  ["intranet", "http://intranet/hook"],
  ["intranet", "http://INTRANET./hook"],
  ["crm.corp.internal", "http://crm.corp.internal:8080/"],
  ["*.corp.internal", "http://crm.corp.internal/"],
  ["*.corp.internal", "http://a.b.corp.internal/"],
  ["xn--bcher-kva.internal", "http://bücher.internal/"],
  ["lvh.me", "https://lvh.me/"],
  ["example.com", "http://example.com/"],
])("with %s allowed, %s may be called", (entry, url) => {
  expect(refusalOf(url, allowing("other.example", entry))).toBeNull();
  expect(refusalOf(url, allowing("other.example"))).not.toBeNull();
});

test.each([
  ["10.0.0.1", "https://10.0.0.2/"],
  ["10.0.0.1", "https://[64:ff9b::10.0.0.1]/"],
  ["10.0.0.0/8", "https://11.0.0.1@10.0.0.1/"],
  ["10.0.0.0/8", "ftp://10.0.0.1/"],
  ["10.0.0.0/8", "https://192.168.1.1/"],
  ["10.0.0.0/8", "http://example.com/"],
  ["10.0.0.0/8", "https://10.0.0.1.nip.io/"],
  ["::/0", "http://10.0.0.1/"],
  ["0.0.0.0/0", "https://[fd00::1]/"],
  ["*.corp.internal", "https://corp.internal/"],
  ["*.corp.internal", "https://evilcorp.internal/"],
  ["*.corp.internal", "https://crm.corp.internal.lan/"],
  ["corp.internal", "https://crm.corp.internal/"],
  ["example.com", "http://www.example.com/"],
])("with %s allowed, %s is refused all the same", (entry, url) => expect(refusalOf(url, allowing(entry))).not.toBeNull());

test.each([
  ["crm.corp.internal", "crm.corp.internal"],
  ["CRM.Corp.Internal.", "crm.corp.internal"],
  ["bücher.internal", "xn--bcher-kva.internal"],
  ["intranet", "intranet"],
  ["*.corp.internal", "*.corp.internal"],
  ["*.Internal", "*.internal"],
  ["10.0.0.1", "10.0.0.1"],
  ["0x0a000001", "10.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["fd00:0:0::1", "fd00::1"],
  ["[fd00::1]", "fd00::1"],
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["FD00:0::/8", "fd00::/8"],
  ["0.0.0.0/0", "0.0.0.0/0"],
])("the allow-list's %s is %s", (entry, spelt) => expect(parseAllowed(entry)).toBe(spelt));

test.each([
  ...[
    "",
    "*",
    "*.",
    "**.corp.internal",
    "crm.*.internal",
    "*corp.internal",
    "*.10.0.0.1",
    "*.0.1",
    "https://crm.internal",
    "crm.internal:8080",
  ],
  ...[
    "crm.internal/hook",
    "user@crm.internal",
    "a b",
    "crm..internal",
    ".internal",
    "exa$mple.com",
    "10.0.0.1/8",
    "10.0.0.0/33",
    "10.0.0.0/",
  ],
  ...["10.0.0.256", "fd00::1/8", "fd00::/129", "fe80::1%eth0", "fe80::%eth0/10", "::ffff:10.0.0.0/104", "[fd00::1", "internal/8", "/8"],
])("%j is no entry of an allow-list", (entry) => expect(parseAllowed(entry)).toBeNull());
