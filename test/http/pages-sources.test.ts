import { describe, expect, test } from "vitest";
import { call, newSource, operate } from "../kit.ts";
import { asOperator, send, sendAccepted, sendRefused } from "./ask.ts";
import { harmless, hostile, look, wordsOf } from "./look.ts";

/** Sends a page's form, and follows where it leads with the cookies it sets. */
async function submit(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const asked = { ...asOperator, accept: "text/html", ...headers };
  const response = await call(path, { method: "POST", headers: asked, body: new URLSearchParams(fields), redirect: "manual" });
  const to = response.headers.get("location");
  const cookies = response.headers.getSetCookie().map((one) => one.slice(0, one.indexOf(";")));
  const after = to === null ? response : await call(to, { headers: { ...asked, cookie: cookies.join("; ") } });
  return { status: response.status, to, text: await after.text(), cookies };
}

const unique = () => `1000.${crypto.randomUUID()}`;

describe("the list of sources", () => {
  test("tells of each how its access to impact.com's API stands, and hostile names as text", async () => {
    const { id } = await newSource({ name: `${hostile} ${crypto.randomUUID()}` });
    const { status, text } = await look("/sources");
    expect(status).toBe(200);
    expect(text).toContain(harmless);
    expect(text).toContain(`<a href="/sources/${id}/access">give access</a>`);
  });
});

describe("a new source", () => {
  test("ends with what to paste, the token in it, and waits for the first call", async () => {
    const { status, to, text } = await submit("/sources", { name: `wizard ${unique()}`, account: "partner" });
    expect([status, to]).toEqual([303, expect.stringMatching(/^\/sources\/src_\w+\/connect$/)]);
    expect(wordsOf(text)).toContain("The source was created.");
    expect(text).toMatch(/https:\/\/edge\.example\/in\/[\w-]{32}\/action-lifecycle\?action_id=\{ActionId\}/);
    expect(text).toMatch(/&quot;delta_payout&quot;: &quot;\{DeltaPayout\}&quot;/);
    expect(wordsOf(text)).toContain("Waiting for the first call");
  });

  test("shows its token for ten minutes in that browser, and then only a placeholder", async () => {
    const { to, text } = await submit("/sources", { name: `once ${unique()}`, account: "brand" });
    const [, token] = /\/in\/([\w-]{32})\//.exec(text) ?? [];
    const later = await look(to as string);
    expect(later.text).not.toContain(token);
    expect(later.text).toContain("/in/{token}/action-lifecycle");
    expect(wordsOf(later.text)).toContain("make a new one");
  });

  test("on one's own machine is told that impact.com cannot call it, and to try it first; and nowhere else", async () => {
    const { id } = await newSource();
    const headers = { ...asOperator, accept: "text/html" };
    const here = await (await call(`http://127.0.0.1:8787/sources/${id}/connect`, { headers })).text();
    const there = (await look(`/sources/${id}/connect`)).text;
    const partsOf = (text: string) => [...text.matchAll(/<h2>(\d\. .*?)<\/h2>/g)].map(([, title]) => title);
    expect(partsOf(here)).toEqual(["1. Try it yourself", "2. What came", "3. Paste into impact.com"]);
    expect(partsOf(there)).toEqual(["1. Paste into impact.com", "2. Try it yourself", "3. What came"]);
    expect(here).toContain("where impact.com cannot call it");
    expect(there).not.toContain("where impact.com cannot call it");
  });

  test("without a name is asked for it at its field", async () => {
    const { status, text } = await submit("/sources", { name: " ", account: "brand" });
    expect(status).toBe(422);
    expect(text).toMatch(/<input id="field-name"[^>]*aria-invalid="true"/);
    expect(text).toContain('<option value="brand" selected>');
  });
});

describe("what came", () => {
  const connecting = async (source: { id: string }) => wordsOf((await look(`/sources/${source.id}/connect`)).text);

  test("is said: what it became, what was not known, and what was odd", async () => {
    const [source, id] = [await newSource(), unique()];
    await sendAccepted(source, { query: `action_id=${id}&status=PENDING&payout={Payout}&my_click=x` });
    const words = await connecting(source);
    expect(words).toMatch(new RegExp(`A call of action-lifecycle came .*, and became action\\.pending.*Action${id}`));
    expect(words).toContain("Not knownmy_click.");
    expect(words).toContain("payout: impact.com put nothing in place of {Payout}.");
  });

  test("is counted when it is a repeat, before that is written down", async () => {
    const source = await newSource();
    const query = `action_id=${unique()}&status=PENDING`;
    await sendAccepted(source, { query });
    await send(source, { query });
    expect(await connecting(source)).toContain("1 repeat since yesterday");
  });

  test("is explained when it went into quarantine, with the way there", async () => {
    const source = await newSource();
    const id = await sendRefused(source, { query: "payout=a+lot" });
    const { text } = await look(`/sources/${source.id}/connect`);
    expect(wordsOf(text)).toContain(`could not become an event: Payout is "a lot"`.replaceAll('"', "&quot;"));
    expect(text).toContain(`href="/quarantine/${id}"`);
  });

  test("leads to a list of the latest calls, the last first", async () => {
    const source = await newSource();
    await sendAccepted(source, { query: `action_id=${unique()}&status=APPROVED` });
    await sendRefused(source, { query: "payout=a+lot" });
    const { text } = await look(`/sources/${source.id}`);
    expect(text.indexOf(">in quarantine</a>")).toBeGreaterThan(0);
    expect(text.indexOf(">in quarantine</a>")).toBeLessThan(text.indexOf(">action.approved</a>"));
  });

  test("is counted at once, on the source's page and in the list", async () => {
    const source = await newSource();
    await sendAccepted(source, { query: `action_id=${unique()}&status=APPROVED` });
    for (const _ of [1, 2]) await sendRefused(source, { query: "payout=a+lot" });
    const { text } = await look(`/sources/${source.id}`);
    expect(text).toMatch(/Postbacks<\/a><\/span><strong>1</);
    expect(text).toMatch(/Into quarantine<\/a><\/span><strong>2</);
    const row = (await look("/sources")).text.split("<tr>").find((one) => one.includes(`/sources/${source.id}"`)) ?? "";
    expect(row).toMatch(/data-head="Postbacks, 24 h"><div>1<.*data-head="Quarantine"><div>2</);
  });

  test("is nothing at first, and the way on is shown", async () => {
    const { id } = await newSource();
    const { text } = await look(`/sources/${id}`);
    expect(wordsOf(text)).toContain("It has not called yet");
    expect(text).toContain(`href="/sources/${id}/connect">Connect it</a>`);
  });
});

describe("the keys of a source", () => {
  test("that name no macro are told with an example and how often, also those in quarantine", async () => {
    const source = await newSource();
    for (const value of ["one", "two"])
      await sendAccepted(source, { query: `action_id=${unique()}&my_key=${value}&c_id=x&api_key=s3cret` });
    await sendRefused(source, { query: "payout=a+lot&wages=12" });
    await operate(`/sources/${source.id}`, { mapping: { CID: "SubId1" } }, "PATCH");
    const { body } = await operate(`/sources/${source.id}/keys`);
    expect(body).toEqual({
      mapping: { CID: "SubId1" },
      unknown: [
        { key: "api_key", example: "", times: 2, is_quarantined: false },
        { key: "my_key", example: "two", times: 2, is_quarantined: false },
        { key: "wages", example: "12", times: 1, is_quarantined: true },
      ],
    });
  });

  test("are mapped by a form, one by one, and what stays as it is is left out", async () => {
    const source = await newSource({ mapping: { old: "SubId2" } });
    const form = { _method: "PATCH", form: "mapping", "key.0": "old", "macro.0": "", "key.1": "my_key", "macro.1": "SubId3", "key.2": "" };
    const { status, to } = await submit(`/sources/${source.id}`, { ...form, "macro.2": "Payout" });
    expect([status, to]).toEqual([303, `/sources/${source.id}/keys`]);
    expect((await operate(`/sources/${source.id}`)).body.mapping).toEqual({ my_key: "SubId3" });
    expect((await look(to as string)).text).toMatch(/aria-label="Read my_key as">[\s\S]*?<option value="SubId3" selected>/);
  });

  test("that are hostile are shown, and run nowhere", async () => {
    const source = await newSource();
    await sendAccepted(source, { query: new URLSearchParams({ action_id: unique(), [hostile]: hostile }).toString() });
    for (const page of ["", "/connect", "/keys"]) {
      const { status, text } = await look(`/sources/${source.id}${page}`);
      expect(status).toBe(200);
      expect(text.toLowerCase()).not.toContain("<img");
    }
    expect((await look(`/sources/${source.id}/keys`)).text).toContain(`aria-label="Read ${harmless} as"`);
  });
});

describe("the settings of a source", () => {
  const settings = { _method: "PATCH", form: "settings", name: "", account: "partner", dedupe_window: "60", success_status: "200" };
  const rest = { success_body: "OK", invalid_status: "202", allowed_ips: "203.0.113.0/24", ip_policy: "log" };

  test("are changed by their form; the required header stays unless it is typed anew", async () => {
    const source = await newSource({ required_header: { name: "X-Key", value: "hush-hush" } });
    const { to } = await submit(`/sources/${source.id}`, { ...settings, ...rest, name: source.name, "required_header.name": "x-key" });
    expect(to).toBe(`/sources/${source.id}/edit`);
    const { body } = await operate(`/sources/${source.id}`);
    expect(body).toMatchObject({ dedupe_window: 60, invalid_status: 202, allowed_ips: ["203.0.113.0/24"], required_header: "x-key" });
    await sendAccepted(source, { query: `action_id=${unique()}`, headers: { "x-key": "hush-hush" } });
  });

  test("show a mistake at its field, with what was typed", async () => {
    const source = await newSource();
    const typed = { ...settings, ...rest, name: source.name, allowed_ips: "", ip_policy: "enforce" };
    const { status, text } = await submit(`/sources/${source.id}`, typed);
    expect(status).toBe(422);
    expect(text).toMatch(/<textarea id="field-allowed_ips"[^>]*aria-invalid="true"/);
    expect(text).toContain('<option value="enforce" selected>');
  });

  test("tell from where the latest calls came, and which of that is listed", async () => {
    const source = await newSource({ allowed_ips: ["203.0.113.0/24"], ip_policy: "log" });
    for (const ip of ["203.0.113.9", "198.51.100.7"])
      await sendAccepted(source, { query: `action_id=${unique()}`, headers: { "cf-connecting-ip": ip } });
    const words = wordsOf((await look(`/sources/${source.id}/edit`)).text);
    expect(words).toContain("203.0.113.91• listed");
    expect(words).toContain("198.51.100.71• not listed");
  });
});

describe("a new token", () => {
  test("is shown once in the URLs, and the old one stays good for its time", async () => {
    const source = await newSource();
    const { to, text } = await submit(`/sources/${source.id}/token`, { grace: "3600" });
    expect(to).toBe(`/sources/${source.id}/connect`);
    const [, token] = /\/in\/([\w-]{32})\//.exec(text) ?? [];
    expect(token).not.toBe(source.token);
    expect(wordsOf(text)).toContain("Two tokens are good");
    for (const one of [token as string, source.token]) await sendAccepted({ token: one }, { query: `action_id=${unique()}` });
  });

  test("with a wrong grace time is refused at its field, and waits on at the page it is on", async () => {
    const source = await newSource();
    const { status, text } = await submit(`/sources/${source.id}/token`, { grace: "soon" });
    expect(status).toBe(422);
    expect(text).toMatch(/<input id="field-grace"[^>]*aria-invalid="true"/);
    expect(text).toContain(`hx-get="/sources/${source.id}/connect"`);
  });
});

describe("access to impact.com's API", () => {
  test("is refused at its fields, and the credentials are not written into the page", async () => {
    const source = await newSource();
    const typed = { _method: "PUT", account_sid: "IR/../x", auth_token: "s3cret-token" };
    const { status, text } = await submit(`/sources/${source.id}/api`, typed);
    expect(status).toBe(422);
    expect(text).toMatch(/<input id="field-account_sid"[^>]*value="IR\/\.\.\/x"[^>]*aria-invalid="true"/);
    expect(text).not.toContain("s3cret-token");
  });

  test("of a brand asks for its campaigns", async () => {
    const source = await newSource({ account: "brand" });
    expect((await look(`/sources/${source.id}/access`)).text).toMatch(/<input id="field-campaign_ids"[^>]* required/);
  });
});

test("pages of a source that is not there say so", async () => {
  for (const page of ["", "/connect", "/keys", "/edit", "/access"])
    expect(wordsOf((await look(`/sources/src_none${page}`)).text)).toContain("There is no source with this id.");
});
