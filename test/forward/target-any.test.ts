import fc from "fast-check";
import { expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import { checkTarget, type Guard, kindOfSpecial } from "../../src/forward/target.ts";
import { runs } from "../fuzz.ts";

const strict: Guard = { allowLoopback: false, allowed: [] };

/** True when a URL is refused for where it leads, and told so. Other mistakes go on. */
function isRefusedFor(words: RegExp, url: string): boolean {
  try {
    checkTarget(url, strict);
    return false;
  } catch (error) {
    if (error instanceof Problem && error.code === "invalid_input" && words.test(error.message)) return true;
    throw new Error(`${url} was refused for another reason`, { cause: error });
  }
}

const asAddress = /leads to .* address; call a public one, or add it to ALLOWED_TARGETS/;

/** IANA's IPv4 Special-Purpose Address Registry (2025-10), multicast (RFC 5771), and Azure's wire server. */
const specialIPv4 = `0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.0.0/29
  192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24
  192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 255.255.255.255/32 168.63.129.16/32`
  .split(/\s+/)
  .map((range) => {
    const [network = "", bits = ""] = range.split("/");
    return { network: network.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0), size: 2 ** (32 - Number(bits)) };
  });

/** IANA's IPv6 Special-Purpose Address Registry (2025-10): as hexadecimal digits that an address begins with. */
const specialIPv6 = [
  ...[`${"0".repeat(31)}1`, "0".repeat(32), "00000000000000000000ffff", "0064ff9b0000000000000000", "0064ff9b0001"],
  ...["0100000000000000", "0100000000000001", "200100", "200101", "20010000", "20010001000000000000000000000001"],
  ...["20010001000000000000000000000002", "20010001000000000000000000000003", "20010002", "20010003", "200100040112", "2001001"],
  ...["2001002", "2001003", "20010db8", "2002", "2620004f8000", "3fff0", "5f00", "fc", "fd", "fe8", "fe9", "fea", "feb"],
];

/** What else RFC 4291 and IANA's address space keep apart from the global unicast addresses of 2000::/3. */
const otherIPv6 = ["fec", "fed", "fee", "fef", "ff", "00", "01", "1", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e"];

const ends = ({ network, size }: { network: number; size: number }) => fc.constantFrom(network, network + size - 1);
const inRange = fc
  .constantFrom(...specialIPv4)
  .chain((range) => fc.oneof(ends(range), fc.integer({ min: range.network, max: range.network + range.size - 1 })));
const isSpecial = (value: number) => specialIPv4.some(({ network, size }) => value >= network && value < network + size);

/** Any public address of IPv4, and the last ones before and the first ones behind each special range. */
const publicIPv4 = fc
  .oneof(
    fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    fc.constantFrom(...specialIPv4.flatMap(({ network, size }) => [network - 1, network + size])),
  )
  .filter((value) => value >= 0 && value < 2 ** 32 && !isSpecial(value));

const octetsOf = (value: number) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);
const dottedOf = (value: number) => octetsOf(value).join(".");
const groupsOf = (value: number) =>
  value
    .toString(16)
    .padStart(8, "0")
    .replace(/(.{4})/, "$1:");

/** A number as the URL standard reads it in an IPv4 address: decimal, octal or hexadecimal, with zeros before it. */
const digitsOf = (value: number) =>
  fc
    .record({ base: fc.constantFrom(10, 8, 16, 16.5), zeros: fc.nat(3) })
    .map(({ base, zeros }) =>
      base === 10
        ? String(value)
        : base === 8
          ? `0${"0".repeat(zeros)}${value.toString(8)}`
          : `0${base === 16 ? "x" : "X"}${"0".repeat(zeros)}${value.toString(16)}`,
    );

/** An IPv4 address in one to four parts, of which the last holds all that is left. */
const partsOf = (value: number) =>
  fc.integer({ min: 1, max: 4 }).chain((count) => {
    const firsts = octetsOf(value).slice(0, count - 1);
    const last = value % 2 ** (8 * (5 - count));
    return fc.tuple(...[...firsts, last].map(digitsOf)).map((parts) => parts.join("."));
  });

/** Letters and dots that the URL standard takes for others: full-width, mathematical, circled, raised, percent-encoded; and nothings. */
function disguised(text: string) {
  const letters = [...text].map((letter) => {
    const digit = /\d/.test(letter) ? Number(letter) : null;
    const codes = [...Buffer.from(letter)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const others = [
      codes,
      codes.toUpperCase(),
      letter.toUpperCase(),
      `${letter}\u00ad`,
      `${letter}\u200b`,
      encodeURIComponent(`${letter}\ufeff`),
    ];
    if (letter === ".") others.push("\u3002", "\uff0e", "\uff61", "%E3%80%82", "%ef%bc%8e");
    else others.push(String.fromCodePoint(letter.charCodeAt(0) + 0xfee0));
    if (digit !== null) others.push(String.fromCodePoint(0x1d7ce + digit), "⓪①②③④⑤⑥⑦⑧⑨"[digit] ?? letter, "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? letter);
    return fc.oneof({ weight: 3, arbitrary: fc.constant(letter) }, { weight: 1, arbitrary: fc.constantFrom(...others) });
  });
  return fc.tuple(...letters).map((parts) => parts.join(""));
}

/** Whatever else may stand around a host. No user names: those are refused for themselves. */
const around = fc.record({
  scheme: fc.constantFrom("https://", "HTTPS://", "https:", "https:/", "https:////", " https://", "https://@"),
  dot: fc.constantFrom("", "", ".", "%2e", "\u3002"),
  port: fc.constantFrom("", "", ":443", ":8443", ":00443"),
  rest: fc.constantFrom("", "/", "/hook?a=1", "?@example.com", "#@example.com/", "/@example.com", "/..//example.com"),
});
type Around = typeof around extends fc.Arbitrary<infer T> ? T : never;

const urlOf = (host: string, { scheme, dot, port, rest }: Around) => `${scheme}${host}${host.endsWith("]") ? "" : dot}${port}${rest}`;
const spelt = (value: number) => partsOf(value).chain(disguised);

test("an address of any special range of IPv4 is refused in any spelling", () => {
  const cases = inRange.chain((value) => fc.tuple(spelt(value), around));
  fc.assert(
    fc.property(cases, ([host, more]) => isRefusedFor(asAddress, urlOf(host, more))),
    runs(2000),
  );
});

test("a public address of IPv4 may be called in any spelling, and is called by the one that everybody knows", () => {
  const cases = publicIPv4.chain((value) => fc.tuple(fc.constant(value), spelt(value), around));
  const isTaken = ([value, host, more]: [number, string, Around]) => checkTarget(urlOf(host, more), strict).hostname === dottedOf(value);
  fc.assert(fc.property(cases, isTaken), runs(2000));
});

/** Eight groups of IPv6 as one may write them: other letters of case, zeros before or not, `::` for any zeros, IPv4 for the last two. */
function sixOf(groups: number[]) {
  const picks = fc.record({
    upper: fc.boolean(),
    padded: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    gap: fc.nat(40),
    dotted: fc.boolean(),
  });
  return picks.map(({ upper, padded, gap, dotted }) => {
    const written = groups.map((group, at) => (padded[at] ? group.toString(16).padStart(4, "0") : group.toString(16)));
    const tail = `${(groups[6] ?? 0) >> 8}.${(groups[6] ?? 0) & 255}.${(groups[7] ?? 0) >> 8}.${(groups[7] ?? 0) & 255}`;
    const list = dotted ? [...written.slice(0, 6), tail] : written;
    const zeros = groups.map((group, at) => (group === 0 && at < (dotted ? 6 : 8) ? at : -1)).filter((at) => at >= 0);
    const from = zeros[gap % (zeros.length + 1)];
    let to = from ?? 0;
    while (from !== undefined && zeros.includes(to + 1)) to++;
    const text = from === undefined ? list.join(":") : `${list.slice(0, from).join(":")}::${list.slice(to + 1).join(":")}`;
    return `[${upper ? text.toUpperCase() : text}]`;
  });
}

const hex = fc.oneof(
  fc.array(fc.constantFrom(..."0123456789abcdef"), { minLength: 32, maxLength: 32 }).map((all) => all.join("")),
  fc.constantFrom("0".repeat(32), "f".repeat(32)),
);
const groupsIn = (digits: string) => (digits.slice(0, 32).match(/.{4}/g) ?? []).map((group) => Number.parseInt(group, 16));

test("an address of any special range of IPv6, or outside its public part, is refused in any spelling", () => {
  const cases = fc
    .tuple(fc.constantFrom(...specialIPv6, ...otherIPv6), hex)
    .chain(([prefix, rest]) => fc.tuple(sixOf(groupsIn(prefix + rest)), around));
  fc.assert(
    fc.property(cases, ([host, more]) => isRefusedFor(asAddress, urlOf(host, more))),
    runs(1500),
  );
});

/** Every way to write an IPv4 address within IPv6: as mapped, translated, compatible, NAT64, 6to4, Teredo's client and server, ISATAP. */
const embedded: ((value: number, other: number) => string)[] = [
  (value) => `::ffff:${dottedOf(value)}`,
  (value) => `0:0:0:0:0:FFFF:${groupsOf(value)}`,
  (value) => `::ffff:0:${groupsOf(value)}`,
  (value) => `::${groupsOf(value)}`,
  (value) => `64:ff9b::${dottedOf(value)}`,
  (value, other) => `64:ff9b:1:${other.toString(16)}::${groupsOf(value)}`,
  (value, other) => `2002:${groupsOf(value)}:${other.toString(16)}::1`,
  (value, other) => `2001:0:${groupsOf(other)}:0:0:${groupsOf(~value >>> 0)}`,
  (value) => `2001:0:${groupsOf(value)}::1`,
  (value, other) => `2600:${other.toString(16)}::5efe:${groupsOf(value)}`,
  (value, other) => `2a00:${other.toString(16)}::200:5efe:${dottedOf(value)}`,
];

test("an address of IPv4 within one of IPv6 is refused, special or not", () => {
  const value = fc.oneof(inRange, publicIPv4);
  const isRefused = (inner: number, write: (typeof embedded)[number], other: number, more: Around) =>
    isRefusedFor(asAddress, urlOf(`[${write(inner, other)}]`, more));
  fc.assert(fc.property(value, fc.constantFrom(...embedded), fc.nat(0xffff), around, isRefused), runs(1000));
});

test("a public address of IPv6 may be called in any spelling", () => {
  const ranges = fc.constantFrom(
    "2001:200",
    "2003:0",
    "2400:cb00",
    "2606:4700",
    "2620:4f",
    "2a00:1450",
    "2c0f:f248",
    "2001:4860",
    "3ffe:0",
    "2610:0",
  );
  const cases = fc
    .tuple(ranges, fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 6, maxLength: 6 }))
    .chain(([range, rest]) => {
      const groups = [...range.split(":").map((group) => Number.parseInt(group, 16)), ...rest];
      const isSpecial = ((rest[2] ?? 0) === 0 && rest[3] === 0x5efe) || (range === "2620:4f" && rest[0] === 0x8000);
      const all = isSpecial ? groups.with(2, 1) : groups;
      const plain = `[${all.map((group) => group.toString(16)).join(":")}]`;
      return fc.tuple(fc.constant(new URL(`https://${plain}`).hostname), sixOf(all), around);
    });
  const isTaken = ([wanted, host, more]: [string, string, Around]) => checkTarget(urlOf(host, more), strict).hostname === wanted;
  fc.assert(fc.property(cases, isTaken), runs(1000));
});

test("an address with a zone is no URL", () => {
  const zones = fc.constantFrom("%eth0", "%25eth0", "%1", "%251", "%");
  const cases = fc.tuple(fc.constantFrom("fe80::1", "2606:4700::1111", "::1"), zones);
  fc.assert(
    fc.property(cases, ([address, zone]) => isRefusedFor(/is not a URL/, `https://[${address}${zone}]/`)),
    runs(20),
  );
});

test("a user name is refused before any host, and so is a backslash or a tab", () => {
  const hosts = fc.oneof(inRange, publicIPv4).map(dottedOf);
  const tricks = fc.constantFrom<(one: string, other: string) => string>(
    (one, other) => `https://${one}@${other}/`,
    (one, other) => `https://${one}:443@${other}/`,
    (one, other) => `https://${one}%2f@${other}/`,
    (one, other) => `https://example.com&@${one}#@${other}/`,
    (one, other) => `https://${one}\\@${other}/`,
    (one, other) => `https://${one}\t@${other}/`,
    (one, other) => `https:\\\\${one}@${other}/`,
  );
  fc.assert(
    fc.property(hosts, hosts, tricks, (one, other, trick) => isRefusedFor(/user name|backslash/, trick(one, other))),
    runs(200),
  );
});

test("what DNS answers is judged like what a URL holds", () => {
  fc.assert(
    fc.property(inRange, (value) => kindOfSpecial(dottedOf(value)) !== null),
    runs(300),
  );
  fc.assert(
    fc.property(publicIPv4, (value) => kindOfSpecial(dottedOf(value)) === null),
    runs(300),
  );
  expect(kindOfSpecial("2606:4700:4700::1111")).toBeNull();
});
