import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operatorToken, startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

const size = 40 * 1024 * 1024;
const accountSid = "IRflowOfTheJobs0001";
const authToken = "auth-token-of-the-flow";
const jobId = "d8807a9f-a5ee-4e3f-ad2b-3dfd19d1915f";
const signature = "X-Amz-Expires=300&X-Amz-Signature=a%2Fb%2Bc%3D";

const requests: { host: "api" | "files"; url: string; headers: http.IncomingHttpHeaders }[] = [];
let cuts = 1;

/** A line for each piece of the file, no two alike. */
const piece = (nth: number) => Buffer.alloc(64 * 1024, `${nth},2026-11-19,irclickid-${nth}\n`);
const pieces = size / (64 * 1024);

/** Where the file is: refuses credentials as S3 does, says no length, and breaks off in the middle as often as `cuts` says. */
const files = http.createServer(async (request, response) => {
  requests.push({ host: "files", url: request.url ?? "", headers: request.headers });
  if (request.headers.authorization) return response.writeHead(400).end("<Code>InvalidArgument</Code>");
  if (!request.url?.endsWith(`?${signature}`)) return response.writeHead(403).end("<Code>SignatureDoesNotMatch</Code>");
  response.writeHead(200, { "content-type": "text/csv" });
  const isCut = cuts-- > 0;
  for (let nth = 0; nth < pieces; nth++) {
    if (isCut && nth === pieces / 2) return response.destroy();
    if (!response.write(piece(nth))) await new Promise((resolve) => response.once("drain", resolve));
  }
  return response.end();
});

const job = { Id: jobId, Type: "ClickExport", Status: "COMPLETED", CompletedDate: "2026-11-20T04:33:50-05:00", RecordsProcessed: "2" };

/** Of this one no postback comes. */
const lostId = "0a6f1f0e-3c4d-4a57-8f1b-5f1a6f0c9d2e";
const lost = { ...job, Id: lostId, CreatedBy: accountSid, CompletedDate: new Date(Date.now() - 3_600_000).toISOString() };

const jobs = [job];

const api = http.createServer((request, response) => {
  const url = request.url ?? "";
  requests.push({ host: "api", url, headers: request.headers });
  const [, list = ""] = /^\/Mediapartners\/\w+\/(\w+)/.exec(url) ?? [];
  const expected = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
  if (request.headers.authorization !== expected) return response.writeHead(401).end();
  const [, id] = /\/Jobs\/([^/?]+)/.exec(url) ?? [];
  if (url.endsWith("/Download")) return response.writeHead(302, { location: `${originOf(files)}/bucket/${id}.csv?${signature}` }).end();
  response.writeHead(200, { "content-type": "application/json" });
  const one = jobs.find(({ Id }) => Id === id);
  return response.end(JSON.stringify(one ?? { [list]: list === "Jobs" ? jobs : [], "@nextpageuri": "" }));
});

function originOf(server: http.Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;
let url: string;
let sourceId: string;

beforeAll(async () => {
  for (const server of [files, api]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  far = await farSide();
  const withBucket = (toml: string) => toml.replace(/^# (\[\[r2_buckets\]\]|binding = "ARCHIVE"|bucket_name)/gm, "$1");
  edge = await startEdge(withBucket, { vars: { ALLOW_LOOPBACK: "true", IMPACT_API: originOf(api) } });
  const source = await edge.operate("/sources", { name: "impact", account: "partner" });
  await edge.operate(`/sources/${source.id}/api`, { account_sid: accountSid, auth_token: authToken }, "PUT");
  await edge.operate("/destinations", { name: "warehouse", url: far.url, filter: 'kind == "job-completion"' });
  sourceId = source.id;
  url = source.urls["job-completion"];
});

afterAll(async () => {
  await edge.close();
  await far.close();
  for (const server of [files, api]) {
    server.closeAllConnections();
    server.close();
  }
});

test("a job's result of 40 MB goes from impact.com's signed URL into R2, and by our link to the destination, though it broke off once", async () => {
  const hint = await fetch(`${url}?JobId=${jobId}&Status=COMPLETED&ResultUri=${encodeURIComponent(`${far.url}/trap`)}`);
  expect(hint.headers.get("x-event-status")).toBe("accepted");
  await edge.sweep();
  const broken = (await edge.operate(`/jobs/${jobId}`)).files[0];
  expect(broken).toMatchObject({ state: "waiting", attempts: 1, bytes: null, reason: expect.stringContaining("broke off") });
  expect(far.arrivals).toEqual([]);

  await edge.sql("update job_files set next_at = 0");
  await edge.sweep();
  await until(() => far.arrivals.length > 0);
  const { type, data } = JSON.parse(far.arrivals[0]?.body ?? "");
  const whole = createHash("sha256");
  for (let nth = 0; nth < pieces; nth++) whole.update(piece(nth));
  const sha256 = whole.digest("hex");
  expect(type).toBe("job.completed");
  expect(data).toMatchObject({ origin: "reconciliation", fields: { Bytes: String(size), Sha256: sha256, RecordsProcessed: "2" } });

  const response = await fetch(data.fields.DownloadUrl);
  expect(response.headers.get("content-length")).toBe(String(size));
  const body = Buffer.from(await response.arrayBuffer());
  expect(createHash("sha256").update(body).digest("hex")).toBe(sha256);
  const part = await fetch(data.fields.DownloadUrl, { headers: { range: `bytes=${size - 3}-` } });
  expect([part.status, part.headers.get("content-length"), (await part.arrayBuffer()).byteLength]).toEqual([206, "3", 3]);

  expect(far.arrivals.map(({ path }) => path)).toEqual(["/"]);
  const atFiles = requests.filter(({ host }) => host === "files");
  expect(atFiles).toHaveLength(2);
  for (const { headers } of atFiles) expect(Object.keys(headers).filter((name) => /^(authorization|ir-|cookie)/.test(name))).toEqual([]);
  const told = [signature, new URL(data.fields.DownloadUrl).searchParams.get("signature") as string, authToken, operatorToken];
  for (const secret of told) expect(edge.logs().join("\n")).not.toContain(secret);
});

test("a job whose postback was lost is found among impact.com's jobs, fetched, and told once", async () => {
  jobs.push(lost);
  const before = far.arrivals.length;
  const since = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const { id } = await edge.operate("/reconciliations", { source: sourceId, since });
  await until(async () => (await edge.operate(`/reconciliations/${id}`)).state === "finished");
  expect(await edge.operate(`/reconciliations/${id}`)).toMatchObject({ repaired: 1, reason: null });
  for (let sweeps = 0; sweeps < 2; sweeps++) await edge.sweep();
  await until(() => far.arrivals.length > before);
  expect(far.arrivals.slice(before).map(({ body }) => JSON.parse(body))).toMatchObject([
    { type: "job.completed", data: { origin: "reconciliation", fields: { JobId: lostId, Bytes: String(size) } } },
  ]);
  expect(far.arrivals[before]?.body).not.toContain(accountSid);
  const { data } = await edge.operate(`/gaps?reconciliation=${id}`);
  expect(data).toMatchObject([{ type: "job.completed", subject: `job:${lostId}` }]);
});
