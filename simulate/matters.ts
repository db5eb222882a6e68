import type { Chance } from "./chance.ts";
import { minute, second } from "./clock.ts";
import type { Action } from "./life.ts";
import type { Micros } from "./money.ts";
import * as world from "./world.ts";

export type Resolution = "VALID" | "DECLINED" | "INCOMPLETE";

/** An inquiry with its whole life: UNRESOLVED until `resolvedAt`. A VALID one makes a new action at that time. */
export interface Inquiry {
  id: string;
  campaign: world.Campaign;
  currency: world.Currency;
  type: "UNTRACKED" | "INCORRECT" | "DECLINED";
  orderId: string;
  transactionAt: number;
  amount: Micros;
  expectedPayout: Micros;
  createdAt: number;
  resolvedAt: number;
  resolution: Resolution;
  rejectReason: string;
  /** The new action of a VALID inquiry. */
  action: Action | null;
}

/** An export with its whole life: QUEUED, RUNNING from `startedAt`, at its end from `endedAt`. */
export interface Job {
  id: string;
  type: "ApiReport" | "ClickExport";
  campaign: world.Campaign;
  createdAt: number;
  startedAt: number;
  endedAt: number;
  end: "COMPLETED" | "FAILED";
  records: number;
  /** The file, which a FAILED job does not have. */
  result: Uint8Array;
}

/** An inquiry made at a time; `action` is what it will produce when its resolution is VALID. */
export function planInquiry(chance: Chance, serial: number, createdAt: number, resolvedAt: number, action: Action): Inquiry {
  const resolution = chance.pick<Resolution>(["VALID", "VALID", "DECLINED", "INCOMPLETE"]);
  const first = action.changes[0];
  return {
    id: String(15_650_000 + serial),
    campaign: action.campaign,
    currency: action.currency,
    type: chance.pick(["UNTRACKED", "UNTRACKED", "INCORRECT", "DECLINED"] as const),
    orderId: action.oid || `O-INQ-${serial}`,
    transactionAt: createdAt - chance.int(1, 72) * 60 * minute,
    amount: first?.amount ?? 0n,
    expectedPayout: first?.payout ?? 0n,
    createdAt,
    resolvedAt,
    resolution,
    rejectReason: resolution === "DECLINED" ? chance.pick(world.rejectReasons) : "",
    action: resolution === "VALID" ? action : null,
  };
}

export function planJob(chance: Chance, createdAt: number): Job {
  const startedAt = createdAt + chance.int(1, 60) * second;
  const records = chance.int(0, 400);
  const end = chance.is(0.2) ? "FAILED" : "COMPLETED";
  return {
    id: uuid(chance),
    type: chance.pick(["ApiReport", "ClickExport"] as const),
    campaign: chance.pick(world.campaigns),
    createdAt,
    startedAt,
    endedAt: startedAt + chance.int(1, 20) * minute,
    end,
    records,
    result: end === "COMPLETED" ? csv(chance, records) : new Uint8Array(),
  };
}

export function inquiryStatus(inquiry: Inquiry, now: number): "UNRESOLVED" | Resolution {
  return now < inquiry.resolvedAt ? "UNRESOLVED" : inquiry.resolution;
}

export function jobStatus(job: Job, now: number): "QUEUED" | "RUNNING" | "COMPLETED" | "FAILED" {
  if (now < job.startedAt) return "QUEUED";
  return now < job.endedAt ? "RUNNING" : job.end;
}

function csv(chance: Chance, records: number): Uint8Array {
  const lines = Array.from({ length: records }, (_, index) => `${index + 1},zLRQ0O${chance.int(1e8, 9e8)},"blog, ""new"""`);
  return new TextEncoder().encode(`${["Row,ClickId,SubId1", ...lines].join("\r\n")}\r\n`);
}

function uuid(chance: Chance): string {
  const hex = (length: number) => Array.from({ length }, () => chance.int(0, 15).toString(16)).join("");
  return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
}
