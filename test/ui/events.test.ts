import { expect, test } from "vitest";
import { eventName, eventsPage } from "../../src/ui/events.ts";
import { html } from "../../src/ui/html.ts";

const view = { path: "/events", query: {}, origin: "https://edge.example", now: 0, said: null };

test.each([
  ["its action", { type: "action.pending", action_id: "1000.1", subject: "action:1000.1" }, "action.pending 1000.1"],
  ["what it is about", { type: "inquiry.created", action_id: null, subject: "inquiry:15:2" }, "inquiry.created 15:2"],
  [
    "whom our news is of",
    { type: "operational.alert_opened", subject: "operational.alert_opened:alr_1", source_name: "ours" },
    "operational.alert_opened ours",
  ],
  ["nothing where there is nothing", { type: "product.changed", subject: null }, "product.changed"],
])("an event is called by its type and %s", (_, event, name) => {
  expect(eventName(event)).toBe(name);
});

test("a list of events leads to each by a link that says which", () => {
  const data = ["1000.1", "<2>"].map((action_id) => ({ id: "evt_1", type: "action.pending", action_id }));
  const { text } = html`${eventsPage(view, { data, next: null }, []).body}`;
  for (const name of ["1000.1", "&lt;2&gt;"])
    expect(text).toContain(`<a class="told" href="/events/evt_1" aria-label="Event action.pending ${name}">`);
});
