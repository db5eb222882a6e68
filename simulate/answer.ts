import type { Account, Resource } from "./account.ts";
import { type ListWays, listActions, listInquiries, listJobs, listUpdates } from "./lists.ts";
import { type Job, jobStatus } from "./matters.ts";
import { cut, longPages, type PageRules, shortPages } from "./page.ts";
import type { Population } from "./population.ts";
import type { Query } from "./query.ts";
import { type ApiRecord, actionRecord, inquiryRecord, itemRecord, jobRecord, updateRecord } from "./records.ts";
import { Refusal } from "./refusal.ts";
import { jsonList, jsonRecord, type Scalars, xml, xmlElement, xmlList, xmlRecord } from "./render.ts";
import { changesAt } from "./truth.ts";

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** What is asked for, after the account's prefix: `Actions/1000.4636.158133` and its query, as JSON or as XML. */
export interface Question {
  /** The whole path, as it was asked. */
  path: string;
  steps: string[];
  query: Query;
  wantsJson: boolean;
}

export interface Answering extends ListWays {
  population: Population;
  account: Account;
  scalars: Scalars;
  largestPage: number | null;
  /** More records than ten pages of this size are refused; the size that was asked for unless said. */
  mostRecords: number | null;
  downloads: "redirect" | "direct";
  /** A URL elsewhere that holds a job's file for a while. */
  sign(job: Job): string;
}

/** Answers a question of an account that may ask it; throws a Refusal for what the API refuses. */
export function answer(question: Question, from: Answering): Reply {
  const [resource, id, sub, subId, ...rest] = question.steps;
  const list = rest.length === 0 && resource && isList(resource) ? lists[resource] : null;
  if (!list) throw notFound();
  if (id === undefined) return listed(question, from, list);
  if (resource === "Jobs" && sub === "Download" && subId === undefined) return download(findJob(from, id), question, from);
  if (resource === "Actions" && sub === "Items") return items(question, from, id, subId);
  const record = sub === undefined ? list.find(from, id) : null;
  if (!record) throw notFound();
  return single(question, from, record, list.element);
}

/** A refusal in the API's own words, as JSON or XML. */
export function refused(refusal: Refusal, wantsJson: boolean): Reply {
  const content = { Status: "ERROR", Message: refusal.message, ...(refusal.errors.length > 0 ? { Errors: refusal.errors } : {}) };
  if (wantsJson) return { status: refusal.status, headers: json, body: JSON.stringify(content) };
  const body = xml(
    Object.entries(content)
      .map(([name, value]) => xmlElement(name, value))
      .join(""),
  );
  return { status: refusal.status, headers: inXml, body };
}

interface List {
  element: string;
  rules: PageRules;
  list(from: Answering, query: Query): ApiRecord[];
  find(from: Answering, id: string): ApiRecord | null;
}

const lists: Record<Resource, List> = {
  Actions: {
    element: "Action",
    rules: longPages,
    list: ({ population, account, ...ways }, query) => listActions(population, query, account, ways),
    find: ({ population, account }, id) => {
      const action = population.visibleActions().find((candidate) => candidate.id === id);
      return action ? actionRecord(action, population.clock.now(), account) : null;
    },
  },
  ActionUpdates: {
    element: "ActionUpdate",
    rules: longPages,
    list: ({ population, account, ...ways }, query) => listUpdates(population, query, account, ways),
    find: ({ population, account, updateState }, id) => {
      const now = population.clock.now();
      const action = population.visibleActions().find((candidate) => id.startsWith(`${candidate.id}.`));
      const change = action && changesAt(action, now).find((candidate) => candidate.id === id);
      return action && change ? updateRecord(action, change, now, account, updateState) : null;
    },
  },
  ActionInquiries: {
    element: "ActionInquiry",
    rules: shortPages,
    list: ({ population, account }, query) => listInquiries(population, query, account),
    find: ({ population, account }, id) => {
      const now = population.clock.now();
      const inquiry = population.inquiries.find((candidate) => candidate.id === id && candidate.createdAt <= now);
      return inquiry ? inquiryRecord(inquiry, now, account) : null;
    },
  },
  Jobs: {
    element: "Job",
    rules: shortPages,
    list: ({ population, account }, query) => listJobs(population, query, account),
    find: (from, id) => jobRecord(findJob(from, id), from.population.clock.now(), from.account),
  },
};

const json = { "content-type": "application/json;charset=UTF-8" };
const inXml = { "content-type": "application/xml;charset=UTF-8" };

function listed(question: Question, from: Answering, list: List): Reply {
  const name = question.steps[0] as Resource;
  const records = list.list(from, question.query);
  if (list.rules.mostPages !== null && from.mostRecords !== null && records.length > from.mostRecords)
    throw new Refusal(400, `The result has more than ${list.rules.mostPages} pages: reduce the date range or increase PageSize`);
  const page = cut(records, question.path, question.query, { ...list.rules, largest: from.largestPage });
  if (!question.wantsJson) return { status: 200, headers: inXml, body: xmlList(page, name, list.element) };
  return { status: 200, headers: json, body: jsonList(page, name, list.element, from.account, from.scalars) };
}

function single(question: Question, from: Answering, record: ApiRecord, element: string): Reply {
  if (!question.wantsJson) return { status: 200, headers: inXml, body: xmlRecord(record, element) };
  return { status: 200, headers: json, body: jsonRecord(record, element, from.account, from.scalars) };
}

function items(question: Question, from: Answering, id: string, sku: string | undefined): Reply {
  const action = from.population.visibleActions().find((candidate) => candidate.id === id);
  const item = action && itemRecord(action, from.population.clock.now(), from.account);
  if (!item || (sku !== undefined && sku !== item["Sku"])) throw notFound();
  if (sku !== undefined) return single(question, from, item, "ActionItem");
  const page = cut([item], question.path, question.query, shortPages);
  if (!question.wantsJson) return { status: 200, headers: inXml, body: xmlList(page, "ActionItems", "ActionItem") };
  return { status: 200, headers: json, body: jsonList(page, "ActionItems", "ActionItem", from.account, from.scalars) };
}

/** 200 with the file, 302 to where it is, 202 with the job while it is not done; a job that failed has nothing to download. */
function download(job: Job, question: Question, from: Answering): Reply {
  const now = from.population.clock.now();
  const status = jobStatus(job, now);
  if (status === "FAILED") throw new Refusal(404, "The job has no result");
  if (status !== "COMPLETED")
    return { ...single({ ...question, wantsJson: true }, from, jobRecord(job, now, from.account), "Job"), status: 202 };
  if (question.query["Mode"] !== "Stream" && from.downloads === "redirect")
    return { status: 302, headers: { location: from.sign(job) }, body: "" };
  const headers = { "content-type": "application/octet-stream", "content-disposition": `attachment; filename="${job.id}.csv"` };
  return { status: 200, headers, body: job.result };
}

function findJob(from: Answering, id: string): Job {
  const job = from.population.jobs.find((candidate) => candidate.id === id && candidate.createdAt <= from.population.clock.now());
  if (!job) throw notFound();
  return job;
}

function isList(name: string): name is Resource {
  return Object.hasOwn(lists, name);
}

function notFound(): Refusal {
  return new Refusal(404, "The requested resource was not found");
}
