import { describe, expect, test } from "vitest";
import { answer } from "../../src/http/router.ts";
import { newApp, newDestination, operate, origin } from "../kit.ts";
import { asOperator } from "./ask.ts";
import { farHost, useFarSide } from "./far.ts";

useFarSide();

const privateAddresses = [
  ["private, 10/8", "https://10.0.0.1/"],
  ["private, 172.16/12", "https://172.16.0.1/"],
  ["private, 172.31", "https://172.31.255.255/"],
  ["private, 192.168/16", "https://192.168.1.1/"],
  ["private, decimal", "https://167772161/"],
  ["private, hexadecimal", "https://0x0a000001/"],
  ["private, octal", "https://012.0.0.1/"],
  ["private, in full-width digits", "https://１０.0.0.1/"],
  ["private, percent-encoded", "https://%31%30.0.0.1/"],
  ["private, with a port", "https://10.0.0.1:8443/"],
  ["private, mapped into IPv6", "https://[::ffff:10.0.0.1]/"],
  ["private, mapped, in hexadecimal", "https://[::ffff:a00:1]/"],
  ["private, IPv4-compatible IPv6", "https://[::10.0.0.1]/"],
  ["private, by NAT64", "https://[64:ff9b::10.0.0.1]/"],
  ["private, by local NAT64", "https://[64:ff9b:1::10.0.0.1]/"],
  ["private, translated", "https://[::ffff:0:10.0.0.1]/"],
  ["private, by 6to4", "https://[2002:a00:1::]/"],
  ["private, by Teredo", "https://[2001:0:a00:1::]/"],
  ["unique local", "https://[fd00::1]/"],
  ["site-local", "https://[fec0::1]/"],
  ["CGNAT", "https://100.64.0.1/"],
  ["CGNAT, its end", "https://100.127.255.255/"],
  ["link-local", "https://169.254.1.1/"],
  ["a cloud's metadata", "https://169.254.169.254/latest/meta-data/"],
  ["a cloud's metadata, decimal", "https://2852039166/"],
  ["link-local, IPv6", "https://[fe80::1]/"],
  ["multicast", "https://224.0.0.1/"],
  ["multicast, IPv6", "https://[ff02::1]/"],
  ["broadcast", "https://255.255.255.255/"],
  ["unspecified", "https://0.0.0.0/"],
  ["unspecified, IPv6", "https://[::]/"],
  ["reserved", "https://240.0.0.1/"],
  ["documentation", "https://192.0.2.1/"],
  ["a name without a dot", "https://intranet/"],
  ["a private name", "https://db.internal/"],
  ["a private name with a dot at its end", "https://db.internal./"],
  ["an mDNS name", "https://printer.local/"],
];

const loopback = [
  ["by name", "http://localhost:9999/"],
  ["by name with a dot at its end", "http://localhost./"],
  ["by address", "http://127.0.0.1:9999/"],
  ["by another address", "https://127.1.2.3/"],
  ["shortened", "http://127.1/"],
  ["decimal", "http://2130706433/"],
  ["hexadecimal", "http://0x7f.0.0.1/"],
  ["octal", "http://0177.0.0.1/"],
  ["IPv6", "http://[::1]:9999/"],
  ["mapped into IPv6", "http://[::ffff:127.0.0.1]/"],
];

const neverUrls = [
  ["http to a public name", "http://far.example/hook"],
  ["http to a public address", "http://93.184.216.34/"],
  ["no scheme", "far.example/hook"],
  ["another scheme", "ftp://far.example/"],
  ["a script", "javascript:alert(1)"],
  ["a file", "file:///etc/passwd"],
  ["nothing", ""],
  ["a user name", "https://user@far.example/"],
  ["a password", "https://user:pass@far.example/"],
  ["a password alone", "https://:pass@far.example/"],
  ["a public name for a user before a private host", "https://far.example@10.0.0.1/"],
  ["loopback, by NAT64", "https://[64:ff9b::127.0.0.1]/"],
  ["loopback, IPv4-compatible IPv6", "https://[::127.0.0.1]/"],
];

/** Creates a destination, or asks for a preview of one, on a Worker whose settings are partly others. */
async function on(config: Partial<ReturnType<typeof newApp>["config"]>, path: string, part: Record<string, unknown>): Promise<Response> {
  const body = JSON.stringify({ name: `destination ${crypto.randomUUID()}`, filter: "false", ...part });
  const app = newApp();
  const request = new Request(origin + path, { method: "POST", headers: asOperator, body });
  return await answer(request, () => ({ ...app, config: { ...app.config, ...config } }));
}

const inProduction = async (url: string) => await on({ allowLoopback: false }, "/destinations", { url });

describe("a URL", () => {
  test.each([...privateAddresses, ...neverUrls])("to %s is refused: %s", async (_what, url) => {
    const { status, body } = await operate("/destinations", { name: "refused", url, filter: "false" });
    expect([status, body.errors?.[0]?.field]).toEqual([422, "url"]);
  });

  test.each([...privateAddresses, ...neverUrls, ...loopback])("in production, to %s is refused: %s", async (_what, url) => {
    expect((await inProduction(url)).status).toBe(422);
  });

  test.each(loopback)("to this machine, %s, is taken for development: %s", async (_what, url) => {
    expect((await operate("/destinations", { name: "loopback", url, filter: "false" })).status).toBe(201);
  });

  test.each([
    "https://far.example/hook?key=1",
    "https://93.184.216.34/",
    "https://far.example:8443/",
    "https://[2606:4700::1111]/",
    "https://xn--bcher-kva.example/",
    "https://far.example/{{ action_id }}?x={{ payout }}",
  ])("that is public is taken, in production too: %s", async (url) => expect((await inProduction(url)).status).toBe(201));

  test("that the operator vouches for is taken, and no other", async () => {
    const taken = async (url: string) => (await on({ allowedTargets: ["*.lan.corp"] }, "/destinations", { url })).status;
    expect([await taken("http://crm.lan.corp/hook"), await taken("http://crm.wan.corp/hook")]).toEqual([201, 422]);
  });

  test("is checked when it is changed, and the old one stays", async () => {
    const { id } = await newDestination({ filter: "false" });
    expect((await operate(`/destinations/${id}`, { url: "https://10.0.0.1/" }, "PATCH")).status).toBe(422);
    expect((await operate(`/destinations/${id}`)).body.url).toBe("https://far.example/hook");
  });

  test("is checked in a preview too", async () => {
    expect((await operate("/destinations/preview", { url: "https://10.0.0.1/" })).body.errors).toMatchObject([{ field: "url" }]);
  });
});

describe("a macro in a URL", () => {
  test.each([
    "https://far.example@{{ sub_id1 }}/",
    "https://far.example.{{ sub_id1 }}/",
    "https://{{ sub_id1 }}/",
    "https://{% if payout %}a{% else %}b{% endif %}.example/",
    "https:{{ sub_id1 }}//far.example/",
  ])("may not choose whom we call: %s", async (url) => {
    const { status, body } = await operate("/destinations", { name: "macro", url, filter: "false" });
    expect([status, body.errors?.[0]]).toMatchObject([422, { field: "url" }]);
  });

  test("may not make of a public host a private one, whatever it holds", async () => {
    const far = farHost();
    const { id } = await newDestination({ url: `https://${far.host}/{{ campaign_name }}`, filter: "false" });
    await operate(`/destinations/${id}/test`, {});
    expect(far.heard[0]?.url).toBe(`https://${far.host}/Sample%20campaign`);
  });
});
