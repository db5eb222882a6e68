import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ledgerOf } from "../../src/domain/action.ts";
import type { Connection } from "../../src/domain/connection.ts";
import type { Gap } from "../../src/domain/gap.ts";
import { newShortId, newTimedId } from "../../src/domain/id.ts";
import type { JobFile } from "../../src/domain/job-file.ts";
import { matterOf } from "../../src/domain/matter.ts";
import { Problem } from "../../src/domain/problem.ts";
import type { Reconciliation } from "../../src/domain/reconciliation.ts";
import { actionOf } from "../../src/domain/standing.ts";
import { totalsOf } from "../../src/domain/total.ts";
import * as actions from "../../src/store/actions.ts";
import * as alerts from "../../src/store/alerts.ts";
import * as attempts from "../../src/store/attempts.ts";
import * as audit from "../../src/store/audit.ts";
import * as books from "../../src/store/books.ts";
import * as budgets from "../../src/store/budgets.ts";
import * as calls from "../../src/store/calls.ts";
import { Catalog } from "../../src/store/catalog.ts";
import * as claims from "../../src/store/claims.ts";
import * as connections from "../../src/store/connections.ts";
import * as deliveries from "../../src/store/deliveries.ts";
import * as destinationPulses from "../../src/store/destination-pulses.ts";
import * as destinations from "../../src/store/destinations.ts";
import * as events from "../../src/store/events.ts";
import * as gaps from "../../src/store/gaps.ts";
import * as jobFiles from "../../src/store/job-files.ts";
import * as ledgers from "../../src/store/ledgers.ts";
import * as matters from "../../src/store/matters.ts";
import * as namings from "../../src/store/namings.ts";
import * as outbox from "../../src/store/outbox.ts";
import * as outcomes from "../../src/store/outcomes.ts";
import * as overview from "../../src/store/overview.ts";
import * as pages from "../../src/store/page.ts";
import * as pulses from "../../src/store/pulses.ts";
import * as quarantine from "../../src/store/quarantine.ts";
import * as readings from "../../src/store/readings.ts";
import * as reconciliations from "../../src/store/reconciliations.ts";
import * as recoveries from "../../src/store/recoveries.ts";
import * as repairs from "../../src/store/repairs.ts";
import * as replays from "../../src/store/replays.ts";
import * as reports from "../../src/store/reports.ts";
import * as retention from "../../src/store/retention.ts";
import * as search from "../../src/store/search.ts";
import * as sources from "../../src/store/sources.ts";
import * as tokens from "../../src/store/tokens.ts";
import * as totals from "../../src/store/totals.ts";
import * as turns from "../../src/store/turns.ts";
import * as waiting from "../../src/store/waiting.ts";
import { aReading } from "../domain/told.ts";
import { aReceipt, aSource } from "../kit.ts";
import { anAlert } from "./anAlert.ts";
import { metered } from "./meter.ts";
import { aDelivery, aDestination, anEvent, aRecovery, claimed, conclude, failure, retireAll, save, success } from "./samples.ts";

const db = env.DB;
const limit = 10;

/** Every way to ask the store, by the name of its function. */
const asking: Record<string, (db: D1Database) => Promise<unknown>> = {
  saveAll: async (db) => {
    await save(anEvent(), { db, to: [{ destinationId: "dst_1", action: "a", once: true }] });
    await save(anEvent({ subject: null }), { db });
    const receipt = aReceipt();
    await outbox.saveAll(db, [{ event: anEvent(), receipt, selected: [], dedupeWindow: 0, jobId: "1" }]);
  },
  claimDeliveries: async (db) => {
    const [one, two] = [await aDelivery(), await aDelivery()];
    await claims.claimDeliveries(db, [one.id], [two.destinationId], Date.now(), 0);
  },
  pruneSendings: (db) => claims.pruneSendings(db, ["dst_1"], 1),
  recordAttempt: async (db) => {
    for (const outcome of [success, failure]) {
      const { id } = await aDelivery();
      const delivery = { ...(await claimed(id, Date.now())), recoveryId: "rcv_1", action: "a" };
      await conclude(delivery, outcome, 1, { db, state: outcome.delivered ? "delivered" : "exhausted" });
    }
  },
  noteWarning: (db) => outcomes.noteWarning(db, "dst_1", 1),
  planWake: (db) => outcomes.planWake(db, "dst_1", 2, 1),

  listUnheard: (db) => deliveries.listUnheard(db, ["dst_1"], 1, limit),
  listBacklogged: (db) => deliveries.listBacklogged(db, ["dst_1"], 1),
  listDue: (db) => deliveries.listDue(db, "dst_1", limit, 1),
  countOpen: (db) => deliveries.countOpen(db, "dst_1", limit),
  listSiblings: (db) => deliveries.listSiblings(db, ["evt_1:dst_1"]),
  reopenDelivery: (db) => deliveries.reopenDelivery(db, { eventId: "evt_1", destinationId: "dst_1" }, "original", 1, 1),
  replayDeliveries: async (db) => {
    for (const only of [null, { destinationId: "dst_1", action: "a", once: false }]) await replays.replayDeliveries(db, "evt_1", only, 1);
  },
  cancelDeliveries: (db) => deliveries.cancelDeliveries(db, ["dst_1"], "gone", 1, limit),
  noteDeadLetters: (db) => deliveries.noteDeadLetters(db, ["evt_1:dst_1"], "lost", 1),
  listDeliveries: async (db) => {
    for (const state of [undefined, "pending", "delivered", "exhausted", "cancelled"] as const) {
      for (const destination of [undefined, "dst_1"]) {
        for (const event of [undefined, "evt_1"]) {
          for (const cursor of [undefined, { eventId: "evt_1", destinationId: "dst_1" }]) {
            await attempts.listDeliveries(db, { state, destination, event, cursor, limit });
          }
        }
      }
    }
  },
  findDelivery: (db) => attempts.findDelivery(db, "evt_1", "dst_1"),
  listDeliveriesOf: (db) => attempts.listDeliveriesOf(db, "evt_1"),

  listRecoverable: async (db) => {
    for (const states of [["exhausted"], ["exhausted", "pending"]] as const) {
      for (const destinationId of [null, "dst_1"]) {
        await recoveries.listRecoverable(db, aRecovery({ states: [...states], destinationId }), [], limit, 1);
      }
    }
  },
  countRecoverable: async (db) => {
    for (const destinationId of [null, "dst_1"]) await recoveries.countRecoverable(db, aRecovery({ destinationId }), limit);
  },
  reopenDeliveries: (db) => recoveries.reopenDeliveries(db, aRecovery(), [["evt_1", "dst_1"]], null, 1),
  saveRecovery: (db) => recoveries.saveRecovery(db, aRecovery()),
  cancelRecovery: (db) => recoveries.cancelRecovery(db, "rcv_1", 1),
  findRecovery: (db) => recoveries.findRecovery(db, "rcv_1"),
  listRecoveries: async (db) => {
    await recoveries.listRecoveries(db, { limit: 5 });
    await recoveries.listRecoveries(db, { cursor: [1, "rcv_1"], limit: 5 });
  },
  listStalled: (db) => recoveries.listStalled(db, 1),

  findEvent: (db) => events.findEvent(db, "evt_1"),
  listEventsById: (db) => events.listEventsById(db, ["evt_1"]),
  listActionEvents: (db) => ledgers.listActionEvents(db, "1"),
  listSubjectEvents: (db) => ledgers.listSubjectEvents(db, "job:1"),
  listEventsOf: (db) => ledgers.listEventsOf(db, [["src_1", "action:1"]]),
  listActionsById: (db) => actions.listActionsById(db, [["src_1", "1"]]),
  listActions: async (db) => {
    const span = { since: 1, until: 2, cursor: "evt_1" };
    const filters = { state: "s", stage: "s", source: "x", currency: "EUR", gaps: true, campaign: "1", sub_id1: "a" };
    for (const one of [{}, span, filters, { ...filters, ...span, gaps: false }]) await actions.listActions(db, { limit, ...one });
  },
  readReport: async (db) => {
    const span = { label: "a", since: 1, until: 2 };
    const all = { source: "x", currency: "EUR", state: "s", filters: { campaign: "1", sub_id1: "a" } };
    const after = { rank: 1n, value: "a", currency: "EUR" };
    for (const by of ["day", "state", "campaign", "sub_id1"] as const)
      for (const order of ["value", "actions", "payout"] as const)
        for (const one of [
          { isTogether: false, filters: {} },
          { isTogether: true, after, ...all },
        ])
          await reports.readReport(db, {
            ...{ by, order, limit, cut: [span] },
            whole: [{ ...span, dimension: by === "sub_id1" ? by : "" }],
            ...one,
          });
  },
  listDueFiles: (db) => jobFiles.listDueFiles(db, 1, limit),
  claimFile: (db) => jobFiles.claimFile(db, aJobFile(), 2, 1),
  postponeFile: (db) => jobFiles.postponeFile(db, aJobFile(), 2, "RUNNING", 1),
  findStored: (db) => jobFiles.findStored(db, aJobFile(), "jobs/src_1/1/2026"),
  tellFile: (db) => jobFiles.tellFile(db, aJobFile(), { state: "failed", stored: null, reason: "gone" }, anEvent(), []),
  findFile: (db) => jobFiles.findFile(db, "evt_1"),
  listFilesOf: (db) => jobFiles.listFilesOf(db, "src_1", "1"),
  reopenFile: (db) => jobFiles.reopenFile(db, aJobFile(), 1, 1),
  listMatters: async (db) => {
    for (const one of [{}, { status: "VALID", source: "x", cursor: "evt_1" }])
      await matters.listMatters(db, "action-inquiry", { limit, ...one });
  },
  hasJobs: (db) => matters.hasJobs(db, "src_1"),
  listOpenInquiries: (db) => matters.listOpenInquiries(db, "src_1", "", limit),
  listInquiriesOf: (db) => matters.listInquiriesOf(db, "1"),
  readNews: (db) => books.readNews(db, limit),
  writeBooks: async (db) => {
    const pulses = [{ sourceId: "src_1", hour: 0, received: 1, reversed: 0, unknown: 0 }];
    await books.writeBooks(
      db,
      { position: 0, version: -1 },
      {
        actions: [anAction()],
        totals: totalsOf([{ before: null, after: anAction() }]),
        matters: [matterOf([anEvent({ kind: "action-inquiry", subject: "inquiry:1" })])],
        pulses,
      },
    );
  },
  saveReadings: (db) => readings.saveReadings(db, [aReading({ sourceId: newShortId("src") })]),
  listReadingsOf: (db) => readings.listReadingsOf(db, [["src_1", "1"]]),
  listUntold: (db) => readings.listUntold(db, { sourceId: "src_1", after: "", since: 1, until: 2 }, limit),
  readSeen: (db) => repairs.readSeen(db),
  saveRepairs: async (db) => {
    const event = anEvent({ origin: "reconciliation" });
    const reading = aReading({ sourceId: event.sourceId, actionId: event.actionId ?? "" });
    const selected = [{ destinationId: "dst_1", action: "a", once: true }];
    await repairs.saveRepairs(db, 0, [{ event, reading, selected, gap: aGap(event.id), jobId: "1" }], [reading], 1);
  },
  listGaps: async (db) => {
    const search = { source: "x", reason: "r", reconciliation: "rec_1", since: 1, until: 2, cursor: "gap_1" };
    for (const one of [{}, search]) await gaps.listGaps(db, { limit, ...one });
  },
  readNamings: (db) => namings.readNamings(db, "src_1", [0]),
  readLatestNamings: (db) => namings.readLatestNamings(db, "src_1", Date.now()),
  readHints: (db) => gaps.readHints(db, "src_1", [{ thing: "1", kind: "action-lifecycle", at: 1e12 }]),
  readCapture: (db) => gaps.readCapture(db, ["src_1"], 1, 2),
  readSpanToSettle: (db) => actions.readSpanToSettle(db, "src_1"),
  saveReconciliation: (db) => reconciliations.saveReconciliation(db, aReconciliation()),
  leaseReconciliation: (db) => reconciliations.leaseReconciliation(db, "rec_1", 2, 1),
  renewLease: (db) => reconciliations.renewLease(db, "rec_1", 1, 2),
  noteProgress: (db) => reconciliations.noteProgress(db, aReconciliation(), { ...aReconciliation(), lacksAccess: false }, 1),
  resumeFailed: (db) => reconciliations.resumeFailed(db, "src_1", 1),
  changeState: (db) => reconciliations.changeState(db, "rec_1", ["paused"], "running", 1),
  findReconciliation: (db) => reconciliations.findReconciliation(db, "rec_1"),
  listDueReconciliations: (db) => reconciliations.listDueReconciliations(db, 1),
  isReconciling: (db) => reconciliations.isReconciling(db, "src_1", "updates"),
  listReconciliations: async (db) => {
    for (const one of [{}, { source: "x", task: "updates", state: "running", cursor: "rec_1" }])
      await reconciliations.listReconciliations(db, { limit, ...one });
  },
  findConnection: (db) => connections.findConnection(db, "src_1"),
  listConnections: (db) => connections.listConnections(db),
  saveConnection: async (db) => {
    const { sourceId } = await connections.saveConnection(db, aConnection());
    await connections.deleteConnection(db, sourceId);
  },
  deleteConnection: (db) => connections.deleteConnection(db, "src_1"),
  moveWatermark: (db) => connections.moveWatermark(db, "src_1", 1),
  takeTurn: async (db) => {
    for (const task of ["updates", "states"] as const) await turns.takeTurn(db, aReconciliation(), { task, due: 1, next: 2 });
  },
  noteFailure: (db) => connections.noteFailure(db, "src_1", "gone", 1),
  resealConnection: (db) => connections.resealConnection(db, "src_1", "a", "b"),
  takeCall: (db) => budgets.takeCall(db, crypto.randomUUID(), 1, 2),
  noteLimits: (db) => budgets.noteLimits(db, "hash", { remaining: 1, resetAt: null, retryAt: null }, 1),
  addDuplicates: (db) => pulses.addDuplicates(db, [{ sourceId: "src_1", hour: 0, count: 1 }]),
  listHeard: (db) => pulses.listHeard(db, Date.now()),
  pruneDestinationPulses: (db) => destinationPulses.pruneDestinationPulses(db, 1),
  prunePulses: (db) => pulses.prunePulses(db, 1),
  openAlert: (db) => alerts.openAlert(db, anAlert({ openedAt: 0 })),
  pruneAlerts: (db) => alerts.pruneAlerts(db, 1e12),
  closeAlert: (db) => alerts.closeAlert(db, "alr_1", {}, 1),
  listOpenAlerts: (db) => alerts.listOpenAlerts(db, 1),
  listAlerts: async (db) => {
    for (const state of ["open", "closed", "all"] as const) await alerts.listAlerts(db, { state, limit });
    await alerts.listAlerts(db, { state: "all", source: "x", kind: "silence", cursor: "alr_1", limit });
  },
  listEvents: async (db) => {
    const span = { since: 1, until: 2, cursor: "evt_1" };
    const ids = { clickId: "1", subId: "1", orderId: "1", field: { key: "a", value: "1" } };
    const filters = { kind: "k", type: "t", status: "s", source: "x", q: "q", ...ids };
    for (const one of [{}, span, filters, { actionId: "1" }, { actionId: "1", ...filters, ...span }]) {
      await search.listEvents(db, { limit, ...one });
    }
  },
  listPage: (db) => pages.listPage(db, { table: "events", columns: "id", key: ["id"] }, [], [], limit),

  saveQuarantined: (db) =>
    quarantine.saveQuarantined(db, { receipt: aReceipt(), sourceId: "src_1", problem: new Problem("invalid", "bad") }),
  findQuarantined: (db) => quarantine.findQuarantined(db, "evt_1"),
  listQuarantined: async (db) => {
    for (const resolved of [true, false]) {
      await quarantine.listQuarantined(db, { resolved, limit, source: "x", code: "invalid", cursor: "evt_1" });
      await quarantine.listQuarantined(db, { resolved, limit });
    }
  },
  dismissQuarantined: (db) => quarantine.dismissQuarantined(db, "evt_1", 1),
  resolveQuarantined: (db) => quarantine.resolveQuarantined(db, "evt_1", "evt_2", 1),
  listWaiting: (db) => waiting.listWaiting(db, { source: "x", code: "invalid", after: "evt_1" }, limit),
  countWaiting: (db) => waiting.countWaiting(db, { after: "" }, limit),
  resolveWaiting: (db) => waiting.resolveWaiting(db, [["evt_1", "evt_2"]], 1),

  saveDestination: (db) => destinations.saveDestination(db, aDestination()),
  readDestination: (db) => destinations.readDestination(db, "dst_1"),
  eraseFormerBodies: (db) => destinations.eraseFormerBodies(db, "dst_none"),
  findFormerBody: (db) => destinations.findFormerBody(db, "dst_1", 1),
  resealDestination: (db) => destinations.resealDestination(db, "dst_1", "a", "b"),
  disableDestination: (db) => destinations.disableDestination(db, "dst_1", "gone", 1),
  listCallsSince: (db) => pulses.listCallsSince(db, 1, 2),
  listLatestCalls: (db) => calls.listLatestCalls(db, "src_1"),
  listKeys: (db) => calls.listKeys(db, "src_1"),
  listAddresses: (db) => calls.listAddresses(db, "src_1"),
  saveSource: (db) => sources.saveSource(db, aSource({ id: newShortId("src"), name: crypto.randomUUID(), tokenHash: crypto.randomUUID() })),
  current: (db) => new Catalog(Date.now, 2000).current(db),
  nextSlice: (db) => retention.nextSlice(db, 1, 1),
  readLines: (db) => retention.readLines(db, ["evt_1"]),
  prune: (db) => retention.prune(db, { position: "", ids: ["evt_1"] }, 1, 1),
  readQuarantined: (db) => retention.readQuarantined(db, 1),
  pruneQuarantined: (db) => retention.pruneQuarantined(db, ["evt_1"]),
  restore: (db) => retention.restore(db, [], 1),
  findToken: (db) => tokens.findToken(db, "dst_1", 1),
  saveToken: (db) => tokens.saveToken(db, newShortId("dst"), "sealed", 1),
  dropToken: (db) => tokens.dropToken(db, "dst_1"),

  saveAudit: (db) =>
    audit.saveAudit(db, { id: newTimedId("aud", 1), who: "token", ip: "", method: "POST", path: "/", summary: "", fields: [] }),
  listAudit: async (db) => {
    for (const cursor of [undefined, "aud_1"]) await audit.listAudit(db, { cursor, limit });
  },
  readOverview: (db) => overview.readOverview(db, 0, Date.now(), 3_600_000),
  listDestinationPulses: async (db) => {
    for (const destination of [undefined, "dst_1"]) await destinationPulses.listDestinationPulses(db, { destination, since: 1, until: 2 });
  },
};

function aJobFile() {
  return { hintEventId: "evt_1", sourceId: "src_1", jobId: "1", nextAt: 1 } as JobFile;
}

function aGap(eventId: string): Gap {
  const said = { subject: "action:1", type: "action.pending", reason: "call_lost", detail: "lost", effectiveAt: 1 } as const;
  return { id: newTimedId("gap", 1), sourceId: "src_1", ...said, eventId, reconciliationId: "rec_1" };
}

function aReconciliation(): Reconciliation {
  const told = { cursor: { legs: [], next: null, total: 0 }, calls: 0, records: 0, repaired: 0, failures: 0, reason: null };
  const times = { since: 1, until: 2, nextAt: 2e14, leasedUntil: 0, createdAt: 1, updatedAt: 1, finishedAt: null };
  return { id: newTimedId("rec", 1), sourceId: "src_1", task: "backfill", origin: "import", state: "running", ...told, ...times };
}

function aConnection(): Connection {
  const times = { watermark: 1, nextUpdatesAt: 2e14, nextStatesAt: 2e14, createdAt: 1, updatedAt: 1 };
  const able = { actions: "ok", updates: "ok", inquiries: "ok", jobs: "ok" };
  const account = {
    sealed: "v1.a.b",
    accountHash: "hash",
    accountHint: "IR…",
    campaignIds: [],
    abilities: able,
    origin: "",
    failure: null,
  };
  return { sourceId: newShortId("src"), ...account, ...times };
}

function anAction() {
  const event = anEvent({ fields: { CampaignId: "1", CampaignName: "Shoes" } });
  return actionOf(ledgerOf([event]), [event]);
}

interface Statement {
  sql: string;
  values: unknown[];
}
let statements: Statement[] = [];

beforeAll(async () => {
  const { db: counted, bill } = metered(db);
  for (const ask of Object.values(asking)) await ask(counted);
  statements = [...new Map(bill.statements.map((statement) => [statement.sql, statement])).values()];
});

afterAll(retireAll);

const growing =
  "job_files|reconciliations|events|deliveries|attempts|sendings|recoveries|quarantine|actions|matters|readings|gaps|totals|pulses|alerts|destination_pulses|audit";

/**
 * Open alerts, and reconciliations under way, have an index of their own. A source's latest calls are looked for among the latest of all, and only those are put in order.
 * Whether anything was ever delivered is known at the first hour in which something was.
 */
const isOfFew = (sql: string) =>
  /from alerts where closed_at is null|indexed by reconciliations_running where state|from \(select id, source_id, \w+ from (events|quarantine) order by id desc limit \d+\)|exists \(select 1 from destination_pulses where delivered > 0\)/.test(
    sql,
  );

/** The walk of a page (page.ts): in the order of its table's key, up to a limit. */
const walk = /order by (id|last_event|event_id desc, destination_id|created_at desc, id) desc limit \d+/;

/** The steps of a plan that look at all there is in a table which grows. */
async function fullScans({ sql, values }: Statement): Promise<string[]> {
  const { results } = await db
    .prepare(`explain query plan ${sql}`)
    .bind(...values)
    .all<{ detail: string }>();
  const steps = results.map(({ detail }) => detail);
  const isWalkInKeyOrder = walk.test(sql) && !steps.some((step) => step.includes("TEMP B-TREE"));
  const scan = new RegExp(`^SCAN (${[growing, ...aliasesOf(sql)].join("|")})\\b`);
  return isWalkInKeyOrder ? [] : steps.filter((step) => scan.test(step));
}

/** What a statement calls the tables that grow; plans use these names. */
function aliasesOf(sql: string): string[] {
  const named = new RegExp(`\\b(?:${growing}) (?:as )?(?!where|on|join|set|order|limit|group|union|values|indexed)(\\w+)`, "g");
  return [...sql.matchAll(named)].map(([, alias = ""]) => alias);
}

describe("every statement", () => {
  test("finds what it wants of the tables that grow by an index or a primary key", async () => {
    const found: Record<string, string[]> = {};
    for (const statement of statements.filter(({ sql }) => !isOfFew(sql))) {
      const scans = await fullScans(statement);
      if (scans.length > 0) found[statement.sql] = scans;
    }
    expect(found).toEqual({});
  });

  test("was seen: each function that asks D1 was called", () => {
    const rooms = [
      actions,
      alerts,
      attempts,
      audit,
      books,
      budgets,
      calls,
      claims,
      connections,
      deliveries,
      destinationPulses,
      destinations,
      events,
      gaps,
      jobFiles,
      ledgers,
      matters,
      outbox,
      outcomes,
      overview,
      pages,
      pulses,
      quarantine,
      readings,
      reconciliations,
      recoveries,
      repairs,
      replays,
      reports,
      retention,
      search,
      sources,
      tokens,
      totals,
      waiting,
    ];
    const all = rooms.flatMap((room) => Object.entries(room)).filter(([, value]) => value.constructor.name === "AsyncFunction");
    expect(all.map(([name]) => name).filter((name) => !(name in asking))).toEqual([]);
    expect(all.length).toBeGreaterThan(35);
  });

  test.each([
    "select * from events where status = 'PENDING'",
    "select * from events indexed by sqlite_autoindex_events_1 where status = 'PENDING'",
    "select * from deliveries order by created_at limit 5",
    "select * from deliveries where attempts = 7 limit 1",
    "select * from events order by received_at desc limit 5",
    "select * from deliveries d where d.attempts = 7",
    "select * from attempts where status = 500",
    "select * from json_each('[]') as asked join recoveries as r on r.rate = asked.value",
    "update deliveries set reason = 'x' where reason = 'y'",
  ])("that would scan is told: the check itself can fail (%s)", async (sql) => {
    expect(await fullScans({ sql, values: [] })).toHaveLength(1);
  });
});
