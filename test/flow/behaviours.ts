import type { Socket } from "node:net";
import zlib from "node:zlib";
import type { Conduct } from "./far-side.ts";

/** One way in which a far side may behave, and what has to become of a delivery to it. */
export interface Behaviour {
  name: string;
  act: Conduct;
  /** Of the destination, where the defaults will not do. */
  settings?: { timeout?: number; retry_schedule?: number[] };
  /** The port is closed; the URL is https: although the port speaks plain text. */
  listens?: "not" | "in plain text";
  /** The delivery that counts is that of a second postback, which comes when the first one was delivered. */
  isSecond?: true;
  state: "delivered" | "pending" | "exhausted";
  attempts: ExpectedAttempt[];
  /** The beginning of the answer, as it is shown with the last attempt; and its headers, but for date and content-length. */
  body?: string | RegExp;
  headers?: Record<string, string>;
}

interface ExpectedAttempt {
  status: number | null;
  reason: string | RegExp;
  /** The pause until the next attempt, in seconds: from, to. Null where it is the last one. */
  pause: [from: number, to: number] | null;
}

type Outcome = Pick<Behaviour, "state" | "attempts">;

/** The first two pauses of the default schedule, and one that a test can wait for. */
const first: [number, number] = [4, 6];
const second: [number, number] = [48, 72];
const short: [number, number] = [0.8, 1.2];

const broken = "no connection, or one that broke off without a proper answer";
const moved = (status: number) => `answered ${status}: redirects are not followed, so give the URL that it leads to`;
const late = "no answer within 1 s";

const delivered = (status = 200): Outcome => ({ state: "delivered", attempts: [{ status, reason: `answered ${status}`, pause: null }] });
/** The default schedule, as far as a test can wait for it. */
const failing = (status: number | null, reason: string | RegExp = `answered ${status}`): Outcome => ({
  state: "pending",
  attempts: [first, second].map((pause) => ({ status, reason, pause })),
});
/** Told to come later than the schedule says. */
const waiting = (status: number, seconds: number): Outcome => ({
  state: "pending",
  attempts: [{ status, reason: `answered ${status}`, pause: [seconds, seconds] }],
});

/** A proper answer. */
function answer(status: number | string, headers: string[] | (() => string[]) = [], body: string | Buffer = "fine"): Conduct {
  return (connection) => {
    const lines = typeof headers === "function" ? headers() : headers;
    const head = [`HTTP/1.1 ${status} Some Words`, ...lines, `content-length: ${Buffer.byteLength(body)}`, "", ""].join("\r\n");
    connection.write(Buffer.concat([Buffer.from(head, "latin1"), Buffer.from(body)]));
  };
}

/** Whatever this is; then the end of the connection, or silence. */
const say =
  (text: string | Buffer, then: "end" | "silence" = "silence"): Conduct =>
  (connection) => {
    connection.write(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    if (then === "end") connection.end();
  };

/** One thing, and another a little later. */
const andThen =
  (one: Conduct, other: Conduct): Conduct =>
  (...request) => {
    one(...request);
    setTimeout(() => other(...request), 150);
  };

/** No word of it in the headers. */
const closing =
  (act: Conduct): Conduct =>
  (connection, ...request) => {
    act(connection, ...request);
    connection.end();
  };

/** A little at a time, for ever. */
const drip =
  (beginning: string, drop: string): Conduct =>
  (connection) => {
    connection.write(beginning);
    const timer = setInterval(() => connection.write(drop), 200);
    connection.on("close", () => clearInterval(timer));
  };

/** How much of the largest answer could be written before the connection was closed, in bytes. */
export const poured = { most: 0 };
export const largest = 12_000_000;

const pour: Conduct = (connection) => {
  const chunk = Buffer.alloc(100_000, "a");
  const pourOn = () => {
    while (connection.bytesWritten < largest) if (!connection.write(chunk)) return connection.once("drain", pourOn);
  };
  connection.write(`HTTP/1.1 200 OK\r\ncontent-length: ${largest}\r\n\r\n`);
  connection.on("close", () => {
    poured.most = Math.max(poured.most, connection.bytesWritten);
  });
  pourOn();
};

/** Each connection is good for one request; the next one on it finds it closing. */
function closeOnReuse(): Conduct {
  const used = new WeakSet<Socket>();
  return (connection, ...request) => {
    if (used.has(connection)) return connection.resetAndDestroy();
    used.add(connection);
    answer(200)(connection, ...request);
  };
}

const dateIn = (seconds: number) => new Date(Date.now() + seconds * 1000).toUTCString();
const failTimes = (times: number): Conduct => {
  return (connection, arrival, nth) => answer(nth <= times ? 500 : 200)(connection, arrival, nth);
};

const statuses: Behaviour[] = [
  ...[200, 201, 202, 206, 299].map((status) => ({ name: `${status}`, act: answer(status), ...delivered(status), body: "fine" })),
  { name: "204", act: say("HTTP/1.1 204 No Content\r\n\r\n"), ...delivered(204), body: "" },
  ...[300, 301, 302, 303, 307, 308].map((status) => ({
    name: `${status} to elsewhere`,
    act: answer(status, ["location: /elsewhere"]),
    ...failing(status, moved(status)),
    headers: { location: "/elsewhere" },
  })),
  { name: "302 to nowhere", act: answer(302), ...failing(302) },
  { name: "304", act: say("HTTP/1.1 304 Not Modified\r\n\r\n"), ...failing(304) },
  ...[400, 401, 403, 404, 405, 408, 409, 413, 415, 418, 422, 425, 429].map((status) => ({
    name: `${status}`,
    act: answer(status, [], "why"),
    ...failing(status),
    body: "why",
  })),
  {
    name: "410",
    act: answer(410),
    state: "exhausted",
    attempts: [{ status: 410, reason: "answered 410: the destination is gone", pause: null }],
  },
  ...[500, 501, 502, 503, 504, 507, 599, 999].map((status) => ({ name: `${status}`, act: answer(status), ...failing(status) })),
  { name: "520, which is Cloudflare's", act: answer(520), ...failing(520, "answered 520 (Cloudflare: no proper answer)") },
  { name: "101 without being asked", act: say("HTTP/1.1 101 Switching Protocols\r\n\r\n"), ...failing(101) },
  ...[100, 102, 103].map((status) => ({
    name: `${status} first`,
    act: andThen(say(`HTTP/1.1 ${status} Wait\r\nlink: </a>\r\n\r\n`), answer(200)),
    ...delivered(),
    body: "fine",
  })),
];

const pauses: Behaviour[] = [
  { name: "Retry-After in seconds", act: answer(429, ["retry-after: 120"]), ...waiting(429, 120), headers: { "retry-after": "120" } },
  { name: "Retry-After with a 503", act: answer(503, ["retry-after: 90"]), ...waiting(503, 90) },
  {
    name: "Retry-After as a date",
    act: answer(429, () => [`retry-after: ${dateIn(121)}`]),
    state: "pending",
    attempts: [{ status: 429, reason: "answered 429", pause: [119, 121] }],
  },
  { name: "Retry-After in the past", act: answer(429, () => [`retry-after: ${dateIn(-120)}`]), ...failing(429) },
  { name: "Retry-After sooner than the schedule", act: answer(429, ["retry-after: 1"]), ...failing(429) },
  { name: "Retry-After of nonsense", act: answer(429, ["retry-after: Wait 2099"]), ...failing(429) },
  { name: "a negative Retry-After", act: answer(429, ["retry-after: -120"]), ...failing(429) },
  { name: "a huge Retry-After", act: answer(429, [`retry-after: ${"9".repeat(400)}`]), ...waiting(429, 86_400) },
  { name: "Retry-After with a fraction", act: answer(429, ["retry-after: 90.5"]), ...waiting(429, 90.5) },
  { name: "two Retry-Afters", act: answer(429, ["retry-after: 30", "retry-after: 90"]), ...waiting(429, 90) },
  { name: "Retry-After with a 200", act: answer(200, ["retry-after: 120"]), ...delivered() },
  {
    name: "500 four times, then 200",
    act: failTimes(4),
    settings: { retry_schedule: [1, 1, 1, 1] },
    state: "delivered",
    attempts: [
      ...Array<ExpectedAttempt>(4).fill({ status: 500, reason: "answered 500", pause: short }),
      { status: 200, reason: "answered 200", pause: null },
    ],
  },
  {
    name: "503 to the end of the schedule",
    act: answer(503),
    settings: { retry_schedule: [1, 1] },
    state: "exhausted",
    attempts: [short, short, null].map((pause) => ({ status: 503, reason: "answered 503", pause })),
  },
  {
    name: "404 to the end of a refusal's pauses",
    act: answer(404),
    settings: { retry_schedule: [1, 1, 1, 1, 1, 1] },
    state: "exhausted",
    attempts: [short, short, short, short, null].map((pause) => ({ status: 404, reason: "answered 404", pause })),
  },
];

const ok = "HTTP/1.1 200 OK\r\n";

const connections: Behaviour[] = [
  { name: "a closed port", act: () => {}, listens: "not", ...failing(null, broken) },
  {
    name: "plain text at an https: URL",
    act: say("HTTP/1.1 400 Bad Request\r\n\r\n", "end"),
    listens: "in plain text",
    ...failing(null, /^no connection: its name or its certificate may be wrong \(internal error; reference = \w+\)$/),
  },
  { name: "closes without a byte", act: (connection) => connection.end(), ...failing(null, broken) },
  { name: "resets without a byte", act: (connection) => connection.resetAndDestroy(), ...failing(null, broken) },
  { name: "closes within the status line", act: say("HTTP/1.1 20", "end"), ...failing(null, broken) },
  { name: "closes within the headers", act: say(`${ok}content-le`, "end"), ...failing(null, broken) },
  { name: "closes within the body", act: say(`${ok}content-length: 1000\r\n\r\nhalf`, "end"), ...delivered(), body: "half" },
  {
    name: "resets within the body",
    act: andThen(say(`${ok}content-length: 1000\r\n\r\nhalf`), (connection) => connection.resetAndDestroy()),
    ...delivered(),
    body: "half",
  },
  {
    name: "closes within the body of a 500",
    act: say("HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\nhalf", "end"),
    ...failing(500),
    body: "half",
  },
  { name: "resets a connection when it is used again", act: closeOnReuse(), isSecond: true, state: "delivered", attempts: onReuse() },
  { name: "closes a connection that is kept", act: closing(answer(200)), isSecond: true, ...delivered() },
  { name: "never answers", act: () => {}, settings: { timeout: 1 }, ...failing(null, late) },
  { name: "drips headers", act: drip(ok, "x-drop: 1\r\n"), settings: { timeout: 1 }, ...failing(null, late) },
  {
    name: "drips a body",
    act: drip(`${ok}content-length: 1000\r\n\r\n`, "x"),
    settings: { timeout: 1 },
    ...delivered(),
    body: /^x{1,5}$/,
  },
  {
    name: "drips the body of a 500",
    act: drip("HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\n", "x"),
    settings: { timeout: 1 },
    ...failing(500),
    body: /^x{1,5}$/,
  },
  { name: "never begins its body", act: say(`${ok}content-length: 9\r\n\r\n`), settings: { timeout: 1 }, ...delivered(), body: "" },
  {
    name: "splits the status line",
    act: andThen(say("HTTP/1.1 2"), say("00 OK\r\ncontent-length: 2\r\n\r\nok")),
    ...delivered(),
    body: "ok",
  },
];

function onReuse(): ExpectedAttempt[] {
  return [
    { status: null, reason: broken, pause: first },
    { status: 200, reason: "answered 200", pause: null },
  ];
}

const framings: Behaviour[] = [
  { name: "garbage", act: say("\0\x01 what is this \xff\r\n\r\n", "end"), ...failing(null, broken) },
  { name: "SSH", act: say("SSH-2.0-OpenSSH_9.6\r\n"), settings: { timeout: 1 }, ...failing(null, broken) },
  { name: "HTTP/0.9", act: say("<html>hello</html>", "end"), ...failing(null, broken) },
  { name: "HTTP/1.0", act: say("HTTP/1.0 200 OK\r\n\r\nto the end", "end"), ...delivered(), body: "to the end" },
  ...["99", "2000", "abc", "-1"].map((status) => ({ name: `the status ${status}`, act: answer(status), ...failing(null, broken) })),
  { name: "a header without a colon", act: say(`${ok}no colon\r\ncontent-length: 2\r\n\r\nok`), ...failing(null, broken) },
  { name: "a header with a NUL", act: say(`${ok}server: \0\r\ncontent-length: 2\r\n\r\nok`), ...failing(null, broken) },
  { name: "a header in Latin-1", act: say(`${ok}server: caf\xe9\r\ncontent-length: 2\r\n\r\nok`), ...delivered(), body: "ok" },
  { name: "a header of 200 KB", act: answer(200, [`x-long: ${"a".repeat(200_000)}`]), ...delivered(), headers: {} },
  {
    name: "a header of 200 KB that is shown",
    act: answer(200, [`server: ${"a".repeat(200_000)}`]),
    ...delivered(),
    headers: { server: "a".repeat(1000) },
  },
  { name: "a header of 3 MB", act: answer(200, [`x-long: ${"a".repeat(3_000_000)}`]), ...failing(null, broken) },
  { name: "1,000 headers", act: answer(200, () => Array.from({ length: 1000 }, (_, n) => `x-${n}: ${n}`)), ...delivered(), headers: {} },
  { name: "two lengths", act: say(`${ok}content-length: 2\r\ncontent-length: 5\r\n\r\nokokok`), ...failing(null, broken) },
  { name: "a negative length", act: say(`${ok}content-length: -2\r\n\r\nok`), ...failing(null, broken) },
  { name: "two answers at once", act: say(`${ok}content-length: 2\r\n\r\nokHTTP/1.1 500 No\r\n\r\n`), ...delivered(), body: "ok" },
];

const bodies: Behaviour[] = [
  { name: "a body of 12 MB", act: pour, ...delivered(), body: "a".repeat(16 * 1024) },
  {
    name: "a binary body",
    act: answer(200, ["content-type: application/octet-stream"], Buffer.from([0, 1, 0xff, 0xfe, 0x80, 97, 0, 98, 0xed, 0xa0, 0x80])),
    ...delivered(),
    body: "\0\x01\ufffd\ufffd\ufffda\0b\ufffd\ufffd\ufffd",
  },
  { name: "a gzipped body", act: answer(200, ["content-encoding: gzip"], zlib.gzipSync("zipped")), ...delivered(), body: "zipped" },
  { name: "a body that is not gzipped", act: answer(200, ["content-encoding: gzip"], "not zipped"), ...delivered(), body: "" },
  {
    name: "10 MB within 10 KB",
    act: answer(200, ["content-encoding: gzip"], zlib.gzipSync(Buffer.alloc(10_000_000, "a"))),
    ...delivered(),
    body: "a".repeat(16 * 1024),
  },
  { name: "an unknown encoding", act: answer(200, ["content-encoding: nonsense"]), ...delivered(), body: "fine" },
  {
    name: "chunks and trailers",
    act: say(`${ok}transfer-encoding: chunked\r\ntrailer: x-sum\r\n\r\n5\r\nchunk\r\n2;ext=1\r\ned\r\n0\r\nx-sum: 1\r\n\r\n`),
    ...delivered(),
    body: "chunked",
  },
  {
    name: "a broken chunk",
    act: say(`${ok}transfer-encoding: chunked\r\n\r\n5\r\nchunk\r\nzz\r\ned\r\n0\r\n\r\n`),
    ...delivered(),
    body: "chunk",
  },
  {
    name: "a script",
    act: answer(500, ["content-type: text/html"], "<script>alert(1)</script>"),
    ...failing(500),
    body: "<script>alert(1)</script>",
    headers: { "content-type": "text/html" },
  },
  {
    name: "a content-type of nonsense",
    act: answer(200, ['content-type: ;;=/"']),
    ...delivered(),
    headers: { "content-type": ';;=/"' },
  },
];

export const behaviours: Behaviour[] = [...statuses, ...pauses, ...connections, ...framings, ...bodies];
