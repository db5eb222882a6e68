import { expect, test } from "vitest";
import { checkTarget } from "../../src/forward/target.ts";

test.each([
  "https://example.com/hooks",
  "https://example.com:8443/hooks?key=1",
  "https://8.8.8.8/",
  "https://[2606:4700:4700::1111]/",
  "https://bücher.example/",
])("%s may be called", (url) => expect(() => checkTarget(url, false)).not.toThrow());

test.each([
  "",
  "example.com",
  "ftp://example.com/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "http://example.com/",
  "https://user:pass@example.com/",
  "https://user@example.com/",
  "https://localhost/",
  "https://localhost./",
  "https://a.localhost/",
  "https://intranet/",
  "https://printer.local/",
  "https://x.internal/",
  "https://router.home.arpa/",
  "https://127.0.0.1/",
  "https://127.1/",
  "https://2130706433/",
  "https://0x7f000001/",
  "https://0177.0.0.1/",
  "https://127.0.0.1./",
  "https://%31%32%37.0.0.1/",
  "https://0.0.0.0/",
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://192.168.1.1/",
  "https://169.254.169.254/",
  "https://100.64.0.1/",
  "https://192.0.0.1/",
  "https://192.0.2.1/",
  "https://198.18.0.1/",
  "https://198.51.100.1/",
  "https://203.0.113.1/",
  "https://224.0.0.1/",
  "https://240.0.0.1/",
  "https://255.255.255.255/",
  "https://[::]/",
  "https://[::1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[::127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[64:ff9b:1::7f00:1]/",
  "https://[2002:7f00:1::]/",
  "https://[2001::1]/",
  "https://[2001:db8::1]/",
  "https://[fc00::1]/",
  "https://[fd00::1]/",
  "https://[fe80::1]/",
  "https://[ff02::1]/",
  "https://①②⑦.⓪.⓪.①/",
])("%s is refused", (url) => expect(() => checkTarget(url, false)).toThrow(expect.objectContaining({ code: "invalid_input" })));

test.each(["http://127.0.0.1:9999/hook", "http://localhost:9999/", "http://[::1]:9999/", "https://127.0.0.1/"])(
  "%s may be called in development only",
  (url) => {
    expect(() => checkTarget(url, true)).not.toThrow();
    expect(() => checkTarget(url, false)).toThrow();
  },
);

test.each(["http://10.0.0.1/", "http://example.com/", "http://192.168.1.1/", "https://169.254.169.254/", "ftp://127.0.0.1/"])(
  "%s is refused in development too",
  (url) => expect(() => checkTarget(url, true)).toThrow(),
);
