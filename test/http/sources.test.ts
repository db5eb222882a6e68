import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import { kinds } from "../../src/domain/kind.ts";
import { hashSecret } from "../../src/postback/authenticate.ts";
import { call, newSource, operate, origin } from "../kit.ts";
import { asOperator, held, send, sendAccepted, sendRefused } from "./ask.ts";

afterEach(() => vi.useRealTimers());

const unique = () => `source ${crypto.randomUUID()}`;
const sale = "action_id=1.2.3&status=PENDING";

const everything = {
  account: "brand",
  mapping: { cid: "SubId1", earned: "Payout" },
  dedupe_window: 0,
  success_status: 202,
  success_body: "TAKEN",
  invalid_status: 202,
  required_header: { name: "X-Key", value: "the value of the header" },
  allowed_ips: ["203.0.113.0/24", "2001:db8::1"],
  ip_policy: "log",
};

describe("creating a source", () => {
  test("with a name and an account is enough", async () => {
    const name = unique();
    const { status, body } = await operate("/sources", { name, account: "partner" });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name,
      account: "partner",
      mapping: {},
      dedupe_window: 900,
      success_status: 200,
      success_body: "OK",
      invalid_status: 422,
      required_header: null,
      allowed_ips: [],
      ip_policy: "off",
      previous_token_until: null,
    });
  });

  test("keeps all that was said", async () => {
    const source = await newSource(everything);
    const said = { ...everything, required_header: "x-key" };
    expect(source).toMatchObject(said);
    expect((await operate(`/sources/${source.id}`)).body).toMatchObject(said);
  });

  test("gives an URL for each kind, with a token of 128 bits or more in it", async () => {
    const source = await newSource();
    expect(Object.keys(source.urls)).toEqual([...kinds]);
    for (const kind of kinds) expect(source.urls[kind]).toBe(`${origin}/in/${source.token}/${kind}`);
    expect(Buffer.from(source.token, "base64url").byteLength).toBeGreaterThanOrEqual(16);
  });

  test("gives for each kind what to paste into impact.com", async () => {
    const { body } = await operate("/sources", { name: unique(), account: "partner" });
    expect(Object.keys(body.templates)).toEqual([...kinds]);
    expect(body.templates["action-lifecycle"].get).toMatch(new RegExp(`^${body.urls["action-lifecycle"]}\\?.*action_id=\\{ActionId\\}`));
    expect(JSON.parse(body.templates["action-lifecycle"].post)).toMatchObject({ payout: "{Payout}", delta_payout: "{DeltaPayout}" });
  });

  test("makes its URLs good at once", async () => {
    const source = await newSource();
    for (const kind of kinds) expect((await send(source, { kind, query: `id=${kind}&x=1` })).status).toBe(200);
  });

  test("trims its name", async () => {
    const name = unique();
    expect((await operate("/sources", { name: `  ${name} `, account: "partner" })).body.name).toBe(name);
  });

  test("with a name that another has is a source of its own: the id tells them apart", async () => {
    const first = await newSource();
    const { status, body } = await operate("/sources", { name: first.name, account: "brand" });
    expect([status, body.id === first.id, body.token === first.token]).toEqual([201, false, false]);
  });

  test.each([
    ["an unknown key", { colour: "red" }, "colour"],
    ["a key that only answers have", { id: "src_mine" }, "id"],
    ["a token of one's own choice", { token: "t" }, "token"],
    ["no name", { name: undefined }, "name"],
    ["an empty name", { name: "  " }, "name"],
    ["a name that is too long", { name: "x".repeat(101) }, "name"],
    ["another account", { account: "agency" }, "account"],
    ["a mapping to no macro", { mapping: { cid: "SubIdOne" } }, "mapping.cid"],
    ["a mapping to no text", { mapping: { cid: 1 } }, "mapping.cid"],
    ["a negative window", { dedupe_window: -1 }, "dedupe_window"],
    ["half a second of window", { dedupe_window: 0.5 }, "dedupe_window"],
    ["a window in words", { dedupe_window: "900" }, "dedupe_window"],
    ["a success that is a redirect", { success_status: 302 }, "success_status"],
    ["a success that is a failure", { success_status: 500 }, "success_status"],
    ["a success text that is too long", { success_body: "x".repeat(201) }, "success_body"],
    ["a 200 for invalid calls", { invalid_status: 200 }, "invalid_status"],
    ["a header without a value", { required_header: { name: "x-key" } }, "required_header.value"],
    ["a header name with a blank", { required_header: { name: "x key", value: "v" } }, "required_header.name"],
    ["a range that is too wide", { allowed_ips: ["203.0.113.0/33"] }, "allowed_ips.0"],
    ["a range without bits", { allowed_ips: ["203.0.113.0/"] }, "allowed_ips.0"],
    ["a host name for an address", { allowed_ips: ["203.0.113.1", "impact.com"] }, "allowed_ips.1"],
    ["another policy", { ip_policy: "block" }, "ip_policy"],
    ["enforcing an empty list", { ip_policy: "enforce" }, "allowed_ips"],
  ])("with %s is 422, and says what is wrong by name", async (_what, part, field) => {
    const { status, body } = await operate("/sources", { name: unique(), account: "partner", ...part });
    expect([status, body.code]).toEqual([422, "invalid_input"]);
    expect(body.errors.map((mistake: { field: string }) => mistake.field)).toEqual([field]);
  });

  test("that was refused leaves nothing behind", async () => {
    const name = unique();
    await operate("/sources", { name, account: "partner", colour: "red" });
    expect((await operate("/sources", { name, account: "partner" })).status).toBe(201);
  });

  test.each(["ActionId", "action_id", "SubId3", "Text12", "Numeric1", "Money3"])("may map a key to %s", async (macro) => {
    expect((await operate("/sources", { name: unique(), account: "partner", mapping: { mine: macro } })).status).toBe(201);
  });
});

describe("listing and showing sources", () => {
  test("gives each once, page by page, the latest first", async () => {
    const made: string[] = [];
    for (let n = 0; n < 3; n++) made.push((await newSource()).id);
    const listed: string[] = [];
    let next = "";
    do {
      const { status, body } = await operate(`/sources?limit=2${next && `&cursor=${next}`}`);
      expect([status, body.data.length <= 2]).toEqual([200, true]);
      listed.push(...body.data.map(({ id }: { id: string }) => id));
      next = body.next ?? "";
    } while (next);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.slice(0, 3).sort()).toEqual(made.sort()); // two may have been made in the same millisecond
  });

  test("says so when a cursor is none of its own", async () => {
    expect((await operate("/sources?cursor=src_nowhere")).body).toMatchObject({ code: "invalid_input", errors: [{ field: "cursor" }] });
  });

  test("shows the URLs with a place for the token", async () => {
    const { id } = await newSource();
    expect((await operate(`/sources/${id}`)).body.urls["job-completion"]).toBe(`${origin}/in/{token}/job-completion`);
  });

  test.each([
    ["GET", ""],
    ["PATCH", ""],
    ["POST", "/token"],
  ])("is 404 where there is none (%s /sources/:id%s)", async (method, rest) => {
    const { status, body } = await operate(`/sources/src_nobody${rest}`, method === "GET" ? undefined : {}, method);
    expect([status, body.code]).toEqual([404, "not_found"]);
  });
});

describe("changing a source", () => {
  test("keeps what is left out", async () => {
    const source = await newSource(everything);
    const before = (await operate(`/sources/${source.id}`)).body;
    const { status, body } = await operate(`/sources/${source.id}`, { success_body: "YES" }, "PATCH");
    expect(status).toBe(200);
    const { urls, templates, ...rest } = before;
    expect(body).toEqual({ ...rest, success_body: "YES", updated_at: body.updated_at });
  });

  test("with nothing changes nothing but the time", async () => {
    const source = await newSource(everything);
    const { urls, templates, ...before } = (await operate(`/sources/${source.id}`)).body;
    const { body } = await operate(`/sources/${source.id}`, {}, "PATCH");
    expect(body).toEqual({ ...before, updated_at: body.updated_at });
  });

  test.each([
    ["name", `renamed ${crypto.randomUUID()}`],
    ["account", "brand"],
    ["mapping", { x: "SubId2" }],
    ["dedupe_window", 0],
    ["success_status", 204],
    ["success_body", ""],
    ["invalid_status", 202],
    ["allowed_ips", ["203.0.113.7"]],
    ["ip_policy", "log"],
  ])("changes %s", async (key, value) => {
    const { id } = await newSource();
    expect((await operate(`/sources/${id}`, { [key]: value }, "PATCH")).body[key]).toEqual(value);
    expect((await operate(`/sources/${id}`)).body[key]).toEqual(value);
  });

  test("keeps what another isolate changed a moment ago", async () => {
    const { id } = await newSource();
    await operate(`/sources/${id}`);
    await env.DB.prepare("update sources set dedupe_window = 7 where id = ?").bind(id).run();
    expect((await operate(`/sources/${id}`, { success_body: "YES" }, "PATCH")).body).toMatchObject({
      dedupe_window: 7,
      success_body: "YES",
    });
  });

  test("counts for the next call", async () => {
    const source = await newSource();
    await sendAccepted(source, { query: `${sale}&cid=1` });
    await operate(`/sources/${source.id}`, { success_body: "CHANGED" }, "PATCH");
    expect(await (await send(source, { query: `${sale}&cid=2` })).text()).toBe("CHANGED");
  });

  test("keeps the required header, and takes it away when told null", async () => {
    const source = await newSource(everything);
    await operate(`/sources/${source.id}`, { dedupe_window: 5 }, "PATCH");
    expect((await send(source, { query: sale })).status).toBe(403);
    await operate(`/sources/${source.id}`, { required_header: null }, "PATCH");
    expect((await send(source, { query: sale })).status).toBe(202);
  });

  test("keeps its token", async () => {
    const source = await newSource();
    await operate(`/sources/${source.id}`, { name: unique() }, "PATCH");
    await sendAccepted(source, { query: sale });
  });

  test("to enforce an empty list is 422, and changes nothing", async () => {
    const { id } = await newSource();
    const { status, body } = await operate(`/sources/${id}`, { ip_policy: "enforce" }, "PATCH");
    expect([status, body.errors?.[0]?.field]).toEqual([422, "allowed_ips"]);
    expect((await operate(`/sources/${id}`)).body.ip_policy).toBe("off");
  });

  test("to empty the list that is enforced is 422", async () => {
    const { id } = await newSource({ ip_policy: "enforce", allowed_ips: ["203.0.113.7"] });
    expect((await operate(`/sources/${id}`, { allowed_ips: [] }, "PATCH")).status).toBe(422);
  });

  test.each([{ colour: "red" }, { id: "src_x" }, { token: "t" }, { created_at: "2026-01-01T00:00:00Z" }])(
    "with %j is 422",
    async (part) => {
      const { id } = await newSource();
      const { status, body } = await operate(`/sources/${id}`, part, "PATCH");
      expect(status).toBe(422);
      expect(body.errors).toMatchObject([{ field: Object.keys(part)[0] }]);
    },
  );
});

describe("rotating a token", () => {
  async function rotate(id: string, input: unknown = {}) {
    const { status, body } = await operate(`/sources/${id}/token`, input);
    expect(status).toBe(201);
    return body as { token: string; urls: Record<string, string>; previous_token_until: string };
  }

  test("gives a new token with its URLs", async () => {
    const source = await newSource();
    const rotated = await rotate(source.id);
    expect(rotated.token).not.toBe(source.token);
    expect(rotated.urls["action-lifecycle"]).toBe(`${origin}/in/${rotated.token}/action-lifecycle`);
    await sendAccepted({ token: rotated.token }, { query: sale });
  });

  test("keeps the old one good for a day unless said", async () => {
    const source = await newSource();
    const { previous_token_until } = await rotate(source.id);
    expect(Date.parse(previous_token_until) - Date.now()).toBeGreaterThan(86_000_000);
    expect(Date.parse(previous_token_until) - Date.now()).toBeLessThanOrEqual(86_400_000);
    await sendAccepted(source, { query: sale });
  });

  test("ends the old one with its grace time", async () => {
    const source = await newSource();
    const rotated = await rotate(source.id, { grace: 60 });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse(rotated.previous_token_until) - 1 });
    expect((await send(source, { query: sale })).status).toBe(200);
    vi.setSystemTime(Date.parse(rotated.previous_token_until));
    expect((await send(source, { query: sale })).status).toBe(401);
    expect((await send(rotated, { query: sale })).status).toBe(200);
  });

  test("with a grace of 0 ends the old one at once", async () => {
    const source = await newSource();
    await rotate(source.id, { grace: 0 });
    expect((await send(source, { query: sale })).status).toBe(401);
  });

  test("a second time ends the first of the three", async () => {
    const source = await newSource();
    const second = await rotate(source.id);
    await rotate(source.id);
    expect((await send(source, { query: sale })).status).toBe(401);
    expect((await send(second, { query: sale })).status).toBe(200);
  });

  test("leads both tokens to one source, so that a repeat is a repeat", async () => {
    const source = await newSource();
    const rotated = await rotate(source.id);
    await sendAccepted(source, { query: sale });
    expect((await send(rotated, { query: sale })).headers.get("x-event-status")).toBe("duplicate");
    expect(await held(source)).toEqual({ events: 1, quarantined: 0 });
  });

  test.each([-1, 1.5, "60", 604_801])("with a grace of %j is 422", async (grace) => {
    const { id } = await newSource();
    expect((await operate(`/sources/${id}/token`, { grace })).status).toBe(422);
  });
});

describe("what a source has to hide", () => {
  /** All that the API says about a source after it did its work, as one text. */
  async function allThatIsTold(source: { id: string; token: string }, headers: Record<string, string> = {}): Promise<string> {
    const event = await sendAccepted(source, { query: sale, headers });
    const refused = await sendRefused(source, { query: `${sale}&payout=much`, headers });
    const paths = [
      "/sources",
      `/sources/${source.id}`,
      `/events?source=${source.id}`,
      `/events/${event}`,
      `/quarantine?source=${source.id}`,
      `/quarantine/${refused}`,
      "/actions/1.2.3",
      "/openapi.json",
    ];
    const told = await Promise.all(paths.map(async (path) => await (await call(path, { headers: asOperator })).text()));
    const patched = await operate(`/sources/${source.id}`, { success_body: "OK" }, "PATCH");
    return told.join("\n") + JSON.stringify(patched.body);
  }

  /** How often a secret stands in a text; the text itself would be too long for the report of a failure. */
  const timesOf = (secret: string, told: string) => told.split(secret).length - 1;

  test("its token is never told again, nor its hash", async () => {
    const source = await newSource();
    const told = await allThatIsTold(source);
    expect(timesOf(source.id, told)).toBeGreaterThan(5);
    expect(timesOf(source.token, told)).toBe(0);
    expect(timesOf(hashSecret(source.token), told)).toBe(0);
  });

  test("its token is stored nowhere but hashed", async () => {
    const source = await newSource();
    await sendAccepted(source, { query: sale });
    await sendRefused(source, { query: "payout=much" });
    const rows = await env.DB.batch(
      ["sources where id", "events where source_id", "quarantine where source_id"].map((table) =>
        env.DB.prepare(`select * from ${table} = ?`).bind(source.id),
      ),
    );
    expect(rows.map(({ results }) => results.length)).toEqual([1, 1, 1]);
    expect(JSON.stringify(rows)).not.toContain(source.token);
  });

  test("the token after a rotation is told once, and the rotation tells nothing of the old one", async () => {
    const source = await newSource();
    const { body } = await operate(`/sources/${source.id}/token`, {});
    expect(JSON.stringify(body)).not.toContain(source.token);
    expect(timesOf(body.token, await allThatIsTold({ ...source, token: body.token }))).toBe(0);
  });

  test("the value of its required header is never told, by the answer to its making least of all", async () => {
    const source = await newSource({ required_header: { name: "X-Key", value: "hush-hush" } });
    expect(JSON.stringify(source)).not.toContain("hush-hush");
    expect(timesOf("hush-hush", await allThatIsTold(source, { "x-key": "hush-hush" }))).toBe(0);
  });

  test("the value of a required header is not told when it is one that receipts keep", async () => {
    const source = await newSource({ required_header: { name: "User-Agent", value: "hush-hush" } });
    expect(timesOf("hush-hush", await allThatIsTold(source, { "user-agent": "hush-hush" }))).toBe(0);
  });

  test("a wrong value of the required header is not told to the caller", async () => {
    const source = await newSource({ required_header: { name: "X-Key", value: "hush-hush" } });
    const response = await send(source, { query: sale, headers: { "x-key": "guess-guess" } });
    expect(await response.text()).not.toMatch(/hush|guess/);
  });
});
