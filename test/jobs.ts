import { env } from "cloudflare:workers";
import type { App } from "../src/app.ts";
import { collect } from "../src/collect.ts";
import { minute } from "../src/domain/time.ts";
import { hashOf } from "../src/impact/access.ts";
import { receive } from "../src/receive.ts";
import { saveConnection } from "../src/store/connections.ts";
import { farHost } from "./http/far.ts";
import { newApp, newDestination, newSource, operate, origin, receiptFor } from "./kit.ts";

export const authToken = "auth-token-of-the-jobs";

/** What impact.com answers for a job, and for its download. */
export interface Answers {
  job: () => Response | Record<string, string> | Promise<Response>;
  download: () => Response | Promise<Response>;
}

/** A source with access to an impact.com of its own, a destination that selects it, and a clock that can be put forward. */
export async function aJobSource(answers: Answers) {
  const source = await newSource();
  const accountSid = `IR${crypto.randomUUID().replaceAll("-", "")}`;
  const impact = farHost(async ({ url }) => {
    if (url.endsWith("/Download")) return answers.download();
    const job = await answers.job();
    return job instanceof Response ? job : Response.json(job);
  });
  const { config, seal } = newApp();
  const api = `https://${impact.host}`;
  let skew = 0;
  const parts: Partial<App> = { config: { ...config, impactApi: api }, now: () => Date.now() + skew };
  const app = (others: Partial<App> = {}) => newApp({ ...parts, ...others });
  const now = Date.now();
  await saveConnection(env.DB, {
    sourceId: source.id,
    sealed: await seal.sealText(JSON.stringify({ accountSid, authToken })),
    accountHash: hashOf({ api, accountSid }),
    accountHint: "IR…",
    campaignIds: [],
    abilities: { actions: "ok", updates: "ok", inquiries: "ok", jobs: "ok" },
    origin,
    watermark: now,
    nextUpdatesAt: now + 1e9,
    nextStatesAt: now + 1e9,
    failure: null,
    createdAt: now,
    updatedAt: now,
  });
  const destination = await newDestination({ filter: `source == "${source.name}"` });
  return {
    source,
    destination,
    accountSid,
    heard: impact.heard,
    app,
    /** A postback that says that a job is completed; the id of its event. */
    hint: async (jobId: string, more: Record<string, string> = {}, others: Partial<App> = {}) => {
      const query = new URLSearchParams({ JobId: jobId, Status: "COMPLETED", ...more }).toString();
      const receipt = await receiptFor({ kind: "job-completion", query, receivedAt: Date.now() + skew }, source);
      const one = app(others);
      one.catalog.forget();
      const { id } = await receive(one, receipt);
      await one.settle();
      return id;
    },
    collect: async (others: Partial<App> = {}) => {
      const one = app(others);
      await collect(one, minute);
      await one.settle();
    },
    pass: (ms: number) => {
      skew += ms;
    },
    /** The events of a job, in order of arrival, with their deliveries. */
    told: async (jobId: string) => {
      const { body } = await operate(`/jobs/${encodeURIComponent(jobId)}`);
      const events = body.events.filter((event: any) => event.source_id === source.id);
      const own = events.filter(({ origin }: any) => origin === "reconciliation");
      return { hints: events.filter(({ origin }: any) => origin === "postback"), own, files: body.files };
    },
    deliveries: async (eventId: string) => (await operate(`/deliveries?event=${eventId}`)).body.data.length as number,
  };
}

/** Rows and access of a file's tests, which the runs of other tests should not come upon. */
export async function forgetJobs(): Promise<void> {
  await env.DB.batch([
    env.DB.prepare("update job_files set state = 'failed' where state = 'waiting'"),
    env.DB.prepare("delete from connections where account_hint = 'IR…'"),
  ]);
}

export function aJob(id: string, more: Record<string, string> = {}): Record<string, string> {
  return {
    Id: id,
    Type: "ClickExport",
    CreatedBy: "IR-account-sid",
    Status: "COMPLETED",
    CompletedDate: "2026-11-20T04:33:50-05:00",
    RecordsProcessed: "2",
    ResultUri: `/Mediapartners/x/Jobs/${id}/Download`,
    ...more,
  };
}

export const csv = "ClickId,Date\n1,2026-11-19\n2,2026-11-19\n";

export function aFile(text = csv): Response {
  return new Response(text, { headers: { "content-type": "text/csv", "content-length": String(text.length) } });
}

export async function sha256Of(text: string): Promise<string> {
  return Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toString("hex");
}
