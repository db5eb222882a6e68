import * as z from "zod";
import { type Alert, alertKinds, endOf, reasonOf } from "../domain/alert.ts";
import { listAlerts as list } from "../store/alerts.ts";
import { alertsPage } from "../ui/alerts.ts";
import { endpoint } from "./endpoint.ts";
import { sourceNames } from "./events.ts";
import { instant, pagingBy } from "./input.ts";

export const listAlerts = endpoint({
  summary: "What is out of the ordinary with sources, and why, the latest first",
  query: z.strictObject({
    state: z.enum(["open", "closed", "all"]).default("open"),
    source: z.string().optional().describe("A source's id or name."),
    kind: z.enum(alertKinds).optional(),
    ...pagingBy("alr"),
  }),
  run: async ({ app, query }) => {
    const { alerts, next } = await list(app.db, query);
    const names = await sourceNames(app);
    return { body: { data: alerts.map((alert) => view(alert, names)), next } };
  },
  page: async ({ app, answer, view: shown }) => alertsPage(shown, answer, [...(await sourceNames(app)).values()]),
});

function view(alert: Alert, names: Map<string, string>) {
  const isOpen = alert.closedAt === null;
  return {
    id: alert.id,
    source: names.get(alert.sourceId) ?? alert.sourceId,
    source_id: alert.sourceId,
    kind: alert.kind,
    state: isOpen ? "open" : "closed",
    reason: reasonOf(alert),
    figures: alert.figures,
    opened_at: instant(alert.openedAt),
    closed_at: instant(alert.closedAt),
    closed_because: isOpen ? null : endOf(alert),
    closing_figures: alert.closing,
  };
}
