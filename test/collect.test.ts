import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import { leaseMs } from "../src/collect.ts";
import { hour, minute } from "../src/domain/time.ts";
import { farHost, useFarSide } from "./http/far.ts";
import { aFile, aJob, aJobSource, csv, forgetJobs, sha256Of } from "./jobs.ts";
import { call, faulty } from "./kit.ts";

useFarSide();
afterEach(forgetJobs);

const archive = (env as unknown as { ARCHIVE: R2Bucket }).ARCHIVE;
const newId = () => crypto.randomUUID();
const redirect = (location: string) => () => new Response(null, { status: 302, headers: { location } });

describe("a job's completion", () => {
  test("is a hint: the job is read again, its result stored, and told with a link; what URL the postback names is not called", async () => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: () => aFile() });
    const trap = farHost();
    const hint = await impact.hint(id, { ResultUri: trap.url, callback: trap.url });
    expect(impact.heard).toEqual([]);
    expect(await impact.deliveries(hint)).toBe(0);

    await impact.collect();
    const { hints, own, files } = await impact.told(id);
    expect(hints).toMatchObject([{ id: hint, warnings: [{ code: "job_is_fetched" }] }]);
    expect(own).toMatchObject([{ type: "job.completed", origin: "reconciliation", status: "COMPLETED", is_test: false }]);
    const { fields, id: event_id } = own[0];
    const { DownloadUrl, DownloadExpires, ...others } = fields;
    expect(others).toEqual({
      JobId: id,
      Type: "ClickExport",
      Status: "COMPLETED",
      CompletedDate: "2026-11-20T04:33:50-05:00",
      RecordsProcessed: "2",
      Bytes: String(csv.length),
      Sha256: await sha256Of(csv),
      ContentType: "text/csv",
    });
    expect(Date.parse(DownloadExpires) - Date.now()).toBeGreaterThan(7 * 24 * hour - minute);
    expect(await impact.deliveries(event_id)).toBe(1);
    expect(files).toMatchObject([{ file: hint, state: "stored", bytes: csv.length, event_id, attempts: 1 }]);

    expect(await (await call(DownloadUrl)).text()).toBe(csv);
    expect(await (await archive.get(`jobs/${impact.source.id}/${id}/2026-11-20T09-33-50Z.csv`))?.text()).toBe(csv);
    expect(trap.heard).toEqual([]);
    expect(impact.heard.map(({ url }) => new URL(url).pathname)).toEqual([
      `/Mediapartners/${impact.accountSid}/Jobs/${id}`,
      `/Mediapartners/${impact.accountSid}/Jobs/${id}/Download`,
    ]);
  });

  test.each([
    ["the source has no access to jobs", 'update connections set abilities = \'{"jobs":"no"}\' where source_id = ?', {}],
    ["the source has no access", "delete from connections where source_id = ?", {}],
    ["there is no bucket", "select ?", { archive: null }],
  ])("is delivered at once where %s", async (_, sql, parts) => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: () => aFile() });
    await env.DB.prepare(sql).bind(impact.source.id).run();
    expect(await impact.deliveries(await impact.hint(id, {}, parts))).toBe(1);
    await impact.collect();
    expect(await impact.told(id)).toMatchObject({ hints: [{ warnings: [] }], own: [], files: [] });
  });

  test("that says it failed is delivered at once", async () => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: () => aFile() });
    expect(await impact.deliveries(await impact.hint(id, { Status: "FAILED" }))).toBe(1);
    expect((await impact.told(id)).files).toEqual([]);
  });
});

describe("a redirect", () => {
  test("is followed with nothing of ours, and once more", async () => {
    const id = newId();
    const last = farHost(() => aFile());
    const first = farHost(redirect(`https://${last.host}/bucket/file.csv?X-Amz-Signature=abc%2F`));
    const impact = await aJobSource({ job: () => aJob(id), download: redirect(first.url) });
    await impact.hint(id);
    await impact.collect();
    expect((await impact.told(id)).own).toMatchObject([{ fields: { Sha256: await sha256Of(csv) } }]);
    expect(impact.heard.at(-1)?.headers.get("authorization")).toMatch(/^Basic /);
    for (const { headers } of [...first.heard, ...last.heard]) expect([...headers.keys()]).toEqual(["user-agent"]);
    expect(last.heard.map(({ url }) => url)).toEqual([`https://${last.host}/bucket/file.csv?X-Amz-Signature=abc%2F`]);
  });

  test.each([
    ["a private address", "https://10.0.0.1/file", "a private address"],
    ["a metadata service", "http://169.254.169.254/latest", "https://"],
    ["plain http", "http://files.example/file", "https://"],
    ["another scheme", "file:///etc/passwd", "https://"],
  ])("to %s is not followed; after four tries it is told that there is no file", async (_, location, words) => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: redirect(location) });
    await impact.hint(id);
    for (let nth = 0; nth < 5; nth++) {
      await impact.collect();
      impact.pass(30 * minute);
    }
    const { own, files } = await impact.told(id);
    expect(own).toMatchObject([{ type: "job.completed", fields: { DownloadProblem: expect.stringContaining(words) } }]);
    expect(own[0].fields).not.toHaveProperty("DownloadUrl");
    expect(JSON.stringify(own)).not.toContain(location);
    expect(files).toMatchObject([{ state: "failed", attempts: 4, reason: expect.stringContaining(words) }]);
    expect(files[0]).not.toHaveProperty("download_url");
  });

  test("that leads round and round is given up", async () => {
    const id = newId();
    const circle: ReturnType<typeof farHost> = farHost(() => redirect(circle.url)());
    const impact = await aJobSource({ job: () => aJob(id), download: redirect(circle.url) });
    await impact.hint(id);
    await impact.collect();
    expect(circle.heard).toHaveLength(2);
    expect((await impact.told(id)).files).toMatchObject([{ state: "waiting", reason: expect.stringContaining("redirect") }]);
  });
});

describe("what is not over", () => {
  test("is asked for after 1, 2, 5, 10 and 30 minutes, for a day; then it is told that there is no file", async () => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id, { Status: "RUNNING" }), download: () => aFile() });
    await impact.hint(id);
    await impact.collect();
    for (const wait of [1, 2, 5, 10, 30, 30]) {
      const asked = impact.heard.length;
      impact.pass(wait * minute - 10_000);
      await impact.collect();
      expect(impact.heard).toHaveLength(asked);
      impact.pass(11_000);
      await impact.collect();
      expect(impact.heard).toHaveLength(asked + 1);
    }
    expect((await impact.told(id)).own).toEqual([]);
    impact.pass(24 * hour);
    await impact.collect();
    const { own } = await impact.told(id);
    expect(own).toMatchObject([
      { type: "job.completed", fields: { Status: "RUNNING", DownloadProblem: expect.stringContaining("RUNNING") } },
    ]);
  });

  test("by the word of the download (202) is asked for again", async () => {
    const id = newId();
    const answers = [() => Response.json(aJob(id, { Status: "RUNNING" }), { status: 202 }), () => aFile()];
    const impact = await aJobSource({ job: () => aJob(id), download: () => (answers.shift() as () => Response)() });
    await impact.hint(id);
    await impact.collect();
    expect(await impact.told(id)).toMatchObject({ own: [], files: [{ state: "waiting", reason: expect.stringContaining("not ready") }] });
    impact.pass(2 * minute);
    await impact.collect();
    expect((await impact.told(id)).own).toHaveLength(1);
  });
});

test.each(["FAILED", "ERROR", "CANCELLED"])("a job that ended as %s is told as failed", async (Status) => {
  const id = newId();
  const impact = await aJobSource({ job: () => aJob(id, { Status }), download: () => aFile() });
  await impact.hint(id);
  await impact.collect();
  expect((await impact.told(id)).own).toMatchObject([{ type: "job.failed", status: Status }]);
});

test.each([
  ["is gone", () => new Response(null, { status: 404 })],
  ["may not be read", () => new Response(null, { status: 403 })],
  ["is another one", () => aJob("another")],
])("a job that %s is asked for four times; then it is told that there is no file", async (_, job) => {
  const id = newId();
  const impact = await aJobSource({ job, download: () => aFile() });
  await impact.hint(id);
  for (let nth = 1; nth <= 4; nth++) {
    expect((await impact.told(id)).own).toEqual([]);
    await impact.collect();
    impact.pass(30 * minute);
  }
  expect((await impact.told(id)).own).toMatchObject([{ type: "job.completed", fields: { DownloadProblem: expect.any(String) } }]);
});

describe("what breaks off", () => {
  const half = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(csv.slice(0, 20))),
      pull: (controller) => controller.error(new Error("Network connection lost.")),
    });

  test.each([
    ["by an error", () => new Response(half(), { headers: { "content-type": "text/csv" } })],
    ["in silence", () => new Response(csv.slice(0, 20), { headers: { "content-type": "text/csv", "content-length": String(csv.length) } })],
  ])("%s is not told, and nothing of it is stored; it is downloaded again", async (_, broken) => {
    const id = newId();
    const answers = [broken, () => aFile()];
    const impact = await aJobSource({ job: () => aJob(id), download: () => (answers.shift() as () => Response)() });
    await impact.hint(id);
    await impact.collect();
    expect(await impact.told(id)).toMatchObject({ own: [], files: [{ state: "waiting", bytes: null }] });
    expect((await archive.list({ prefix: `jobs/${impact.source.id}/` })).objects).toEqual([]);
    impact.pass(2 * minute);
    await impact.collect();
    expect((await impact.told(id)).own).toMatchObject([{ fields: { Sha256: await sha256Of(csv) } }]);
  });

  test("between the file and the event is told once", async () => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: () => aFile() });
    await impact.hint(id);
    const dying = faulty(env.DB, async (batch) => {
      if ((await archive.list({ prefix: `jobs/${impact.source.id}/` })).objects.length > 0) throw new Error("killed");
      return await batch();
    });
    await expect(impact.collect({ db: dying })).rejects.toThrow("killed");
    await impact.collect();
    expect((await impact.told(id)).own).toEqual([]);
    for (let nth = 0; nth < 3; nth++) {
      impact.pass(leaseMs);
      await impact.collect();
    }
    expect((await impact.told(id)).own).toHaveLength(1);
  });

  test("after the event is told once", async () => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: () => aFile() });
    await impact.hint(id);
    const dying = faulty(env.DB, async (batch) => {
      const results = await batch();
      if ((await impact.told(id)).own.length > 0) throw new Error("killed");
      return results;
    });
    await expect(impact.collect({ db: dying })).rejects.toThrow("killed");
    impact.pass(leaseMs);
    await impact.collect();
    const { own, files } = await impact.told(id);
    expect(own).toHaveLength(1);
    expect(files).toMatchObject([{ state: "stored", event_id: own[0].id }]);
    expect(await impact.deliveries(own[0].id)).toBe(1);
  });
});

describe("one result", () => {
  test("that many fetch at once is told once", async () => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: () => aFile() });
    await impact.hint(id);
    await impact.hint(id, { note: "the same, spelt otherwise" });
    await Promise.all([impact.collect(), impact.collect(), impact.collect()]);
    const { hints, own, files } = await impact.told(id);
    expect([hints.length, own.length]).toEqual([2, 1]);
    expect(files.map(({ state, event_id }: any) => [state, event_id])).toEqual(Array(2).fill(["stored", own[0].id]));
  });

  test("whose claim has run out is told once", async () => {
    const id = newId();
    const impact = await aJobSource({ job: () => aJob(id), download: () => second().then(() => aFile()) });
    const second = async () => {
      if (impact.heard.length > 2) return;
      impact.pass(leaseMs + minute);
      await impact.collect();
    };
    await impact.hint(id);
    await impact.collect();
    expect((await impact.told(id)).own).toHaveLength(1);
  });

  test("that never was is told once, though the claim ran out", async () => {
    const id = newId();
    const failed = async () => {
      if (impact.heard.length === 1) {
        impact.pass(leaseMs + minute);
        await impact.collect();
      }
      return Response.json(aJob(id, { Status: "FAILED" }));
    };
    const impact = await aJobSource({ job: failed, download: () => aFile() });
    await impact.hint(id);
    await impact.collect();
    expect(impact.heard).toHaveLength(2);
    expect((await impact.told(id)).own).toHaveLength(1);
  });

  test("whose hint comes again hours later is not told again; that of another run of the job is, and both stay", async () => {
    const id = newId();
    const runs = [
      { CompletedDate: "2026-11-20T04:33:50-05:00", text: csv },
      { CompletedDate: "2026-11-21T04:33:50-05:00", text: `${csv}3,2026-11-20\n` },
    ] as const;
    let run: (typeof runs)[number] = runs[0];
    const impact = await aJobSource({ job: () => aJob(id, { CompletedDate: run.CompletedDate }), download: () => aFile(run.text) });
    for (let nth = 0; nth < 2; nth++) {
      await impact.hint(id);
      await impact.collect();
      impact.pass(2 * hour);
    }
    expect((await impact.told(id)).own).toHaveLength(1);
    run = runs[1];
    await impact.hint(id);
    await impact.collect();
    const { own } = await impact.told(id);
    const texts = await Promise.all(own.map(async ({ fields }: any) => await (await call(fields.DownloadUrl)).text()));
    expect(texts).toEqual(runs.map(({ text }) => text));
  });
});

describe("an id from outside", () => {
  test.each([".", "..", "../../Actions", "a/b?c=d#e", "%2e%2e", "é\u202e“x”", "x".repeat(3000)])(
    "leads out of nothing: %s",
    async (odd) => {
      const impact = await aJobSource({ job: () => aJob(odd), download: () => aFile() });
      await impact.hint(odd);
      await impact.collect();
      const { objects } = await archive.list({ prefix: `jobs/${impact.source.id}/` });
      for (const { key } of objects) expect(key).toMatch(/^jobs\/src_\w+\/[\w~-]{1,81}\/2026-11-20T09-33-50Z\.csv$/);
      for (const { url } of impact.heard) {
        const path = `/Mediapartners/${impact.accountSid}/Jobs/${encodeURIComponent(odd)}`;
        expect([path, `${path}/Download`]).toContain(new URL(url).pathname);
      }
      expect(impact.heard.length).toBe(/^\.+$/.test(odd) ? 0 : 2);
    },
  );
});
