import type net from "node:net";
import zlib from "node:zlib";
import type { Conduct } from "./far-side.ts";
// SPIKE
export interface Behaviour {
  name: string;
  act: Conduct;
  settings?: Record<string, unknown>;
  closedPort?: boolean;
}
const answer =
  (status: number | string, headers: string | string[] = [], body: string | Buffer = ""): Conduct =>
  (c) => {
    const h = [`HTTP/1.1 ${status} Whatever`, ...[headers].flat(), `content-length: ${Buffer.byteLength(body)}`, "", ""].join("\r\n");
    c.write(Buffer.concat([Buffer.from(h, "latin1"), Buffer.from(body)]));
  };
const raw =
  (text: string | Buffer, end = false): Conduct =>
  (c) => {
    c.write(text);
    if (end) c.end();
  };
const after = (ms: number, f: () => void) => setTimeout(f, ms);
export const behaviours: Behaviour[] = [
  ...[200, 201, 202, 205, 206, 226, 299].map((s) => ({ name: `${s}`, act: answer(s, [], s === 205 ? "" : "fine") })),
  { name: "204", act: raw("HTTP/1.1 204 No Content\r\n\r\n") },
  { name: "204 with body", act: raw("HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nbody") },
  { name: "205 with body", act: answer(205, [], "body") },
  ...[300, 301, 302, 303, 305, 307, 308].map((s) => ({ name: `${s}`, act: answer(s, "location: /elsewhere", "moved") })),
  { name: "304", act: raw("HTTP/1.1 304 Not Modified\r\n\r\n") },
  { name: "302 without", act: answer(302) },
  { name: "302 with key", act: answer(302, "location: https://a.example/?key=12345678") },
  ...[
    400, 401, 402, 403, 404, 405, 408, 409, 410, 411, 413, 414, 415, 418, 422, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504,
    505, 507, 511, 520, 521, 530, 599, 600, 700, 999,
  ].map((s) => ({ name: `${s}`, act: answer(s, [], `no ${s}`) })),
  ...["99", "000", "20", "2000", "abc", "-1"].map((s) => ({ name: `odd ${s}`, act: answer(s, [], `no ${s}`) })),
  { name: "101", act: raw("HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n") },
  {
    name: "100",
    act: (c, a, n) => {
      raw("HTTP/1.1 100 Continue\r\n\r\n")(c, a, n);
      answer(200, [], "fine")(c, a, n);
    },
  },
  {
    name: "102",
    act: (c, a, n) => {
      raw("HTTP/1.1 102 Processing\r\n\r\n")(c, a, n);
      after(300, () => answer(200, [], "fine")(c, a, n));
    },
  },
  {
    name: "103",
    act: (c, a, n) => {
      raw("HTTP/1.1 103 Early Hints\r\nlink: </s>; rel=preload\r\n\r\n")(c, a, n);
      after(300, () => answer(200, [], "fine")(c, a, n));
    },
  },
  ...[
    "120",
    new Date(Date.now() + 120_000).toUTCString(),
    new Date(Date.now() - 120_000).toUTCString(),
    "soon",
    "Wait 2099",
    "-5",
    "9".repeat(400),
    "99999999",
    "1.5",
    "7.5",
  ].map((v) => ({ name: `RA ${v.slice(0, 30)}`, act: answer(429, `retry-after: ${v}`) })),
  { name: "RA two", act: answer(429, ["retry-after: 30", "retry-after: 90"]) },
  {
    name: "RA two dates",
    act: answer(429, [
      `retry-after: ${new Date(Date.now() + 120_000).toUTCString()}`,
      `retry-after: ${new Date(Date.now() + 180_000).toUTCString()}`,
    ]),
  },
  { name: "503 RA", act: answer(503, "retry-after: 90") },
  { name: "refused", act: () => {}, closedPort: true },
  { name: "closes", act: (c) => c.end() },
  { name: "resets", act: (c) => c.resetAndDestroy() },
  { name: "half headers", act: raw("HTTP/1.1 200 OK\r\ncontent-le", true) },
  { name: "half status", act: raw("HTTP/1.1 20", true) },
  { name: "half body", act: raw("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf", true) },
  {
    name: "half body reset",
    act: (c) => {
      c.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nhalf");
      after(200, () => c.resetAndDestroy());
    },
  },
  { name: "500 half body", act: raw("HTTP/1.1 500 OK\r\ncontent-length: 1000\r\n\r\nhalf", true) },
  { name: "garbage", act: raw("\0\x01\x02 what is this \xff\xfe\r\n\r\n", true) },
  { name: "garbage open", act: raw("what is this"), settings: { timeout: 1 } },
  { name: "ssh", act: raw("SSH-2.0-OpenSSH_9.6\r\n"), settings: { timeout: 1 } },
  { name: "TLS", act: raw(Buffer.from("15030100020246", "hex"), true) },
  { name: "http/0.9", act: raw("<html>hello</html>", true) },
  { name: "http/1.0", act: raw("HTTP/1.0 200 OK\r\n\r\nuntil the end", true) },
  { name: "http/2", act: raw(Buffer.from("000000040000000000", "hex"), true) },
  { name: "http/3.7", act: raw("HTTP/3.7 200 OK\r\ncontent-length: 0\r\n\r\n") },
  { name: "garbage header", act: raw("HTTP/1.1 200 OK\r\nno colon here\r\n: empty\r\ncontent-length: 2\r\n\r\nok") },
  { name: "header NUL", act: raw("HTTP/1.1 200 OK\r\nx-a: \0b\r\ncontent-length: 2\r\n\r\nok") },
  { name: "header latin1", act: raw(Buffer.from("HTTP/1.1 200 OK\r\nserver: caf\xe9\r\ncontent-length: 2\r\n\r\nok", "latin1")) },
  { name: "header space", act: raw("HTTP/1.1 200 OK\r\nx a: b\r\ncontent-length: 2\r\n\r\nok") },
  { name: "bare LF", act: raw("HTTP/1.1 200 OK\ncontent-length: 2\n\nok") },
  { name: "folded", act: raw("HTTP/1.1 200 OK\r\nserver: a\r\n b\r\ncontent-length: 2\r\n\r\nok") },
  { name: "header 200 KB", act: answer(200, `x-long: ${"a".repeat(200_000)}`, "ok") },
  { name: "server 200 KB", act: answer(200, `server: ${"a".repeat(200_000)}`, "ok") },
  { name: "server 60 KB", act: answer(200, `server: ${"a".repeat(60_000)}`, "ok") },
  { name: "server 12 KB", act: answer(200, `server: ${"a".repeat(12_000)}`, "ok") },
  { name: "header 3 MB", act: answer(200, `x-long: ${"a".repeat(3_000_000)}`, "ok") },
  {
    name: "1000 headers",
    act: answer(
      200,
      Array.from({ length: 1000 }, (_, n) => `x-${n}: ${n}`),
      "ok",
    ),
  },
  { name: "two lengths", act: raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 5\r\n\r\nokokok") },
  { name: "bad length", act: raw("HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\nok", true) },
  { name: "too much", act: raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n") },
  { name: "both framings", act: raw("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n") },
  {
    name: "slow headers",
    act: (c) => {
      c.write("HTTP/1.1 200 OK\r\n");
      let n = 0;
      const t = setInterval(() => c.write(`x-${n++}: 1\r\n`), 300);
      c.on("close", () => clearInterval(t));
    },
    settings: { timeout: 1 },
  },
  {
    name: "slow body",
    act: (c) => {
      c.write("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
      const t = setInterval(() => c.write("x"), 300);
      c.on("close", () => clearInterval(t));
    },
    settings: { timeout: 2 },
  },
  {
    name: "slow body 500",
    act: (c) => {
      c.write("HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\n");
      const t = setInterval(() => c.write("x"), 300);
      c.on("close", () => clearInterval(t));
    },
    settings: { timeout: 2 },
  },
  { name: "no body comes", act: raw("HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"), settings: { timeout: 2 } },
  { name: "never", act: () => {}, settings: { timeout: 1 } },
  {
    name: "10 MB",
    act: (c) => {
      c.write("HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n");
      const ch = Buffer.alloc(100_000, "a");
      let n = 0;
      const go = () => {
        while (n++ < 100) if (!c.write(ch)) return c.once("drain", go);
      };
      go();
      (c as any).sent = () => c.bytesWritten;
    },
  },
  {
    name: "binary",
    act: answer(200, "content-type: application/octet-stream", Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80, 97, 0, 98, 0xed, 0xa0, 0x80])),
  },
  { name: "gzip", act: answer(200, "content-encoding: gzip", zlib.gzipSync("zipped words")) },
  { name: "gzip lie", act: answer(200, "content-encoding: gzip", "not zipped") },
  { name: "gzip half", act: answer(200, "content-encoding: gzip", zlib.gzipSync("zipped words".repeat(1000)).subarray(0, 30)) },
  { name: "gzip bomb", act: answer(200, "content-encoding: gzip", zlib.gzipSync(Buffer.alloc(10_000_000))) },
  { name: "br", act: answer(200, "content-encoding: br", zlib.brotliCompressSync("brotli words")) },
  { name: "enc nonsense", act: answer(200, "content-encoding: nonsense", "words") },
  {
    name: "trailers",
    act: raw(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n5\r\nchunk\r\n3;ext=1\r\nked\r\n0\r\nx-sum: 1\r\n\r\n",
    ),
  },
  { name: "bad chunk", act: raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nchunk\r\nzz\r\nked\r\n0\r\n\r\n") },
  { name: "half chunk", act: raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nchunk\r\n8\r\nke", true) },
  { name: "script", act: answer(500, "content-type: text/html", "<script>alert(1)</script>") },
  { name: "ct nonsense", act: answer(200, 'content-type: ;;;=nonsense/"', "ok") },
  { name: "charset", act: answer(200, "content-type: text/plain; charset=utf-16", Buffer.from("utf16", "utf16le")) },
  {
    name: "split",
    act: (c) => {
      c.setNoDelay(true);
      c.write("HTTP/1.1 2");
      after(200, () => c.write("00 OK\r\ncontent-length: 2\r\n\r\nok"));
    },
  },
  {
    name: "kept, closed on reuse",
    act: (c, a, n) => ((c as any).used ? c.destroy() : (((c as any).used = true), answer(200, [], `nth ${n}`)(c, a, n))),
  },
  {
    name: "kept, reset on reuse",
    act: (c, a, n) => ((c as any).used ? c.resetAndDestroy() : (((c as any).used = true), answer(200, [], `nth ${n}`)(c, a, n))),
  },
  {
    name: "kept, closed soon after",
    act: (c, a, n) => {
      answer(200, [], `nth ${n}`)(c, a, n);
      after(60, () => c.destroy());
    },
  },
  {
    name: "early answer",
    act: (c, a, n) => {
      answer(200, [], "x")(c, a, n);
      c.end();
    },
  },
];
