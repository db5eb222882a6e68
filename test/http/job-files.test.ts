import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import { leaseMs } from "../../src/collect.ts";
import { day, minute } from "../../src/domain/time.ts";
import { linkTo } from "../../src/link.ts";
import { aFile, aJob, aJobSource, csv, forgetJobs } from "../jobs.ts";
import { call, newApp, operate, origin } from "../kit.ts";
import { useFarSide } from "./far.ts";

useFarSide();
afterEach(forgetJobs);

const archive = (env as unknown as { ARCHIVE: R2Bucket }).ARCHIVE;
const operator = { authorization: `Bearer ${env.OPERATOR_TOKEN}` };

/** A job whose result is stored: its link, as it was told. */
async function aStored(text = csv) {
  const id = crypto.randomUUID();
  const impact = await aJobSource({ job: () => aJob(id), download: () => aFile(text) });
  const hint = await impact.hint(id);
  await impact.collect();
  const { own, files } = await impact.told(id);
  return {
    id,
    hint,
    url: own[0].fields.DownloadUrl as string,
    file: files[0],
    key: `jobs/${impact.source.id}/${id}/2026-11-20T09-33-50Z.csv`,
  };
}

function changed(url: string, parameters: Record<string, string>): string {
  const other = new URL(url);
  for (const [name, value] of Object.entries(parameters)) other.searchParams.set(name, value);
  return other.href;
}

describe("a link", () => {
  test("opens the file to who has no token, as something to save and not to keep", async () => {
    const { id, url } = await aStored("<script>alert(1)</script>");
    const response = await call(url);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "private, no-store",
      "content-disposition": `attachment; filename="${id}_2026-11-20T09-33-50Z.csv"`,
      "content-security-policy": "default-src 'none'; sandbox",
      "content-type": "text/csv",
      etag: expect.stringMatching(/^".+"$/),
      "x-content-type-options": "nosniff",
    });
    expect(await response.text()).toBe("<script>alert(1)</script>");
  });

  test("that was changed, or that is of another file, opens nothing", async () => {
    const [one, other] = [await aStored(), await aStored()];
    const { signature = "", expires = "" } = Object.fromEntries(new URL(one.url).searchParams);
    const forged = [
      changed(one.url, { signature: `A${signature.slice(1)}` }).replace(
        signature,
        signature === `A${signature.slice(1)}` ? "B" : signature,
      ),
      changed(one.url, { signature: "" }),
      changed(one.url, { expires: String(Number(expires) + 1) }),
      changed(one.url, { expires: "" }),
      changed(one.url, { file: other.hint }),
      one.url.replace(one.id, other.id),
      changed(other.url, { signature, expires }),
      `${origin}/jobs/${one.id}/download`,
      `${origin}/jobs/${one.id}/download?file=${one.hint}`,
    ];
    for (const url of forged) {
      const response = await call(url);
      expect([url, response.status, response.headers.get("www-authenticate")]).toEqual([url, 401, expect.stringContaining("Bearer")]);
    }
  });

  test("of a job that has the name, with the file of another, opens nothing, though we signed it", async () => {
    const [one, other] = [await aStored(), await aStored()];
    const url = linkTo(newApp().config, origin, { jobId: one.id, hintEventId: other.hint, expiresAt: Date.now() + minute });
    expect((await call(url)).status).toBe(404);
  });

  test("whose time is over is gone, with a way to a new one, which is good", async () => {
    const { id, hint } = await aStored();
    const old = linkTo(newApp().config, origin, { jobId: id, hintEventId: hint, expiresAt: Date.now() - 1000 });
    const response = await call(old);
    expect(response.status).toBe(410);
    expect(await response.json()).toMatchObject({ code: "gone", detail: expect.stringContaining("GET /jobs/:id") });
    const { files } = (await operate(`/jobs/${id}`)).body;
    expect(await (await call(files[0].download_url)).text()).toBe(csv);
    expect(Date.parse(files[0].download_expires)).toBeGreaterThan(Date.now() + 6 * day);
  });

  test("to what was deleted from R2 is gone", async () => {
    const { url, key } = await aStored();
    await archive.delete(key);
    expect((await call(url)).status).toBe(410);
  });
});

test("a link opens to who brings credentials of another kind along, too", async () => {
  const { url } = await aStored();
  expect((await call(url, { headers: { authorization: "Basic YTpi" } })).status).toBe(200);
  expect((await call(changed(url, { expires: "1" }), { headers: { authorization: "Basic YTpi" } })).status).toBe(401);
});

test("the operator needs no link, and a wrong token is refused", async () => {
  const { id, hint, url } = await aStored();
  const bare = `${origin}/jobs/${id}/download?file=${hint}`;
  expect(await (await call(bare, { headers: operator })).text()).toBe(csv);
  expect(await (await call(changed(url, { expires: "1" }), { headers: operator })).text()).toBe(csv);
  expect((await call(bare, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
});

test("a part of the file can be had, as long as it is the same file", async () => {
  const { url } = await aStored();
  const etag = (await call(url, { method: "HEAD" })).headers.get("etag") as string;
  const ask = async (headers: Record<string, string>) => {
    const response = await call(url, { headers });
    return [response.status, response.headers.get("content-range"), await response.text()];
  };
  expect(await ask({ range: "bytes=8-11" })).toEqual([206, `bytes 8-11/${csv.length}`, "Date"]);
  expect(await ask({ range: "bytes=-3", "if-range": etag })).toEqual([206, `bytes 36-38/${csv.length}`, "19\n"]);
  expect(await ask({ range: "bytes=-3", "if-range": '"another"' })).toEqual([200, null, csv]);
  expect(await ask({ range: "bytes=100-" })).toEqual([416, `bytes */${csv.length}`, ""]);
});

describe("fetching again", () => {
  test("what failed is told with a link when it succeeds", async () => {
    const id = crypto.randomUUID();
    let isThere = false;
    const impact = await aJobSource({
      job: () => (isThere ? aJob(id) : new Response(null, { status: 404 })),
      download: () => aFile(),
    });
    await impact.hint(id);
    for (let nth = 0; nth < 4; nth++) {
      await impact.collect();
      impact.pass(30 * minute);
    }
    expect((await impact.told(id)).files).toMatchObject([{ state: "failed" }]);
    isThere = true;
    expect(await operate(`/jobs/${id}/fetch`, {})).toMatchObject({ status: 202, body: { state: "waiting", attempts: 0, reason: null } });
    await impact.collect();
    const { own } = await impact.told(id);
    expect(
      own.map(({ fields }: any) =>
        Object.keys(fields)
          .filter((name) => name.startsWith("Download"))
          .sort(),
      ),
    ).toEqual([["DownloadProblem"], ["DownloadExpires", "DownloadUrl"]]);
  });

  test("fetches what came before there was access", async () => {
    const id = crypto.randomUUID();
    const impact = await aJobSource({ job: () => aJob(id), download: () => aFile() });
    await impact.hint(id, {}, { archive: null });
    expect((await impact.told(id)).files).toEqual([]);
    expect((await operate(`/jobs/${id}/fetch`, {})).status).toBe(202);
    await impact.collect();
    expect((await impact.told(id)).own).toHaveLength(1);
  });

  test("is refused for what is stored, is under way, was never heard of, or has no access", async () => {
    const { id } = await aStored();
    expect((await operate(`/jobs/${id}/fetch`, {})).status).toBe(409);
    expect((await operate(`/jobs/${crypto.randomUUID()}/fetch`, {})).status).toBe(404);
    const other = crypto.randomUUID();
    const impact = await aJobSource({ job: () => aJob(other, { Status: "RUNNING" }), download: () => aFile() });
    await impact.hint(other);
    await impact.collect();
    expect((await operate(`/jobs/${other}/fetch`, {})).status).toBe(409);
    await env.DB.prepare("update job_files set updated_at = updated_at - ? where job_id = ?").bind(leaseMs, other).run();
    expect((await operate(`/jobs/${other}/fetch`, {})).status).toBe(202);
    await env.DB.prepare("delete from connections where source_id = ?").bind(impact.source.id).run();
    expect((await operate(`/jobs/${other}/fetch`, {})).body).toMatchObject({ code: "conflict", detail: expect.stringContaining("PUT") });
  });
});
