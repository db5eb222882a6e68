import { describe, expect, test } from "vitest";
import { html } from "../../src/ui/html.ts";
import { type RecoveryView, recoveriesPage, recoveryPage } from "../../src/ui/recoveries.ts";
import { wordsOf } from "../http/look.ts";

const view = { path: "/recoveries/rcv_1", query: {}, origin: "https://edge.example", now: 0, said: null };

const recovery = (state: string, progress: Partial<RecoveryView["progress"]> = {}): RecoveryView => ({
  id: "rcv_1",
  state,
  destination: null,
  states: ["exhausted"],
  since: null,
  until: null,
  filter: "",
  payload: "original",
  rate: 100,
  progress: { total: 5, reopened: 5, delivered: 0, failed: 0, pending: 5, ...progress },
  created_at: null,
});

describe("a recovery", () => {
  test.each<[string, RecoveryView, string, string]>([
    ["goes on while what it opened is on its way", recovery("finished"), "running", "All were opened again; 5 are on their way."],
    ["to the last one", recovery("finished", { delivered: 4, pending: 1 }), "running", "All were opened again; 1 is on its way."],
    ["is over when all arrived or was given up", recovery("finished", { delivered: 4, failed: 1, pending: 0 }), "finished", "Everything"],
    ["had nothing to do", recovery("finished", { total: 1, reopened: 0, pending: 0 }), "finished", "There was nothing to send."],
    [
      "is cancelled at once, and says what still comes",
      recovery("cancelled", { reopened: 2, pending: 2 }),
      "cancelled",
      "2 are on their way",
    ],
  ])("%s", (_, one, state, way) => {
    const words = wordsOf(html`${recoveryPage(view, one, new Map()).body}`.text);
    expect(words).toContain(` ${state} `);
    expect(words).toContain(way);
    const listed = wordsOf(html`${recoveriesPage(view, { data: [one], next: null }, new Map()).body}`.text);
    expect(listed).toContain(` ${state}`);
  });

  test("to a destination that was deleted is over", () => {
    const one = { ...recovery("finished"), destination: "dst_1" };
    const words = (names: [string, string][]) => wordsOf(html`${recoveryPage(view, one, new Map(names)).body}`.text);
    expect(words([["dst_1", "ledger"]])).toContain(" running All were opened again; 5 are on their way.");
    expect(words([])).toMatch(/ finished The destination was deleted.*On their way ?0/);
  });

  test.each<[string, RecoveryView, string, string]>([
    ["of all that it is to open", recovery("running", { reopened: 3, delivered: 1, failed: 1, pending: 1 }), '"2" max="5"', "2 of 5"],
    ["of what it opened so far, where too many were to count", recovery("running", { total: null }), '"0" max="5"', "0 of 5 so far"],
    ["of what it did open in the end", recovery("finished", { reopened: 3, delivered: 1, pending: 2 }), '"1" max="3"', "1 of 3"],
  ])("shows how far it has come %s", (_, one, bar, words) => {
    const { text } = html`${recoveryPage(view, one, new Map()).body}`;
    expect(text).toContain(`<progress value=${bar}`);
    expect(wordsOf(text)).toContain(`${words} delivered or given up`);
  });
});
