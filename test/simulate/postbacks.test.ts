import fc from "fast-check";
import { expect, test } from "vitest";
import { newChance } from "../../simulate/chance.ts";
import { newPopulation } from "../../simulate/population.ts";
import { noFaults, planPostbacks } from "../../simulate/postbacks.ts";
import { fill } from "../../simulate/template.ts";
import { runs } from "./kit.ts";

const population = newPopulation({ seed: 5, actions: 1_000, inquiries: 50, jobs: 20 });
const happenings = population.happened(0, population.clock.now());
const lifecycle = happenings.filter(({ kind }) => kind === "action-lifecycle");
const template = { method: "GET", url: "http://edge.invalid/in/t/action-lifecycle?action_id={ActionId}&payout={Payout}" } as const;
const templates = { "action-lifecycle": template };

const planned = (faults: Partial<typeof noFaults>) => planPostbacks(lifecycle, templates, { ...noFaults, ...faults }, newChance(1));
const identityOf = ({ subject, at }: { subject: string; at: number }) => `${subject} ${at}`;

test("values go into a URL percent-encoded, and come out of it as they were", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (value) => {
      const { url } = fill({ method: "GET", url: "http://edge.invalid/?a={SubId1}&b={SubId2}" }, { SubId1: value, SubId2: "" });
      return new URL(url).searchParams.get("a") === value && url.endsWith("&b=");
    }),
    runs,
  );
});

test("values go into a JSON body as text, and come out of it as they were", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (value) => {
      const call = fill(
        { method: "POST", url: "http://edge.invalid/", body: '{"a": "{SubId1}", "n": {"b": "{SubId2}"}}' },
        { SubId1: value },
      );
      const { a, n } = JSON.parse(call.body ?? "");
      return a === value && n.b === "{SubId2}" && call.headers["content-type"] === "application/json";
    }),
    { ...runs, examples: [['Joe"s \\ Diner\n']] },
  );
});

test("a macro that does not exist stays, or leaves nothing behind", () => {
  const unknown = { method: "GET", url: "http://edge.invalid/?x={Nonsense}&y={payout}" } as const;
  expect(fill(unknown, { Payout: "1" }).url).toBe("http://edge.invalid/?x={Nonsense}&y={payout}");
  expect(fill(unknown, { Payout: "1" }, { unknownMacro: "empty", escaping: "json" }).url).toBe("http://edge.invalid/?x=&y=");
});

test("without faults each happening is one call within 15 minutes", () => {
  const { calls, lost } = planned({});
  expect(lost).toEqual([]);
  expect(calls.map(identityOf).sort()).toEqual(lifecycle.map(identityOf).sort());
  expect(calls.every(({ at, sendAt }) => sendAt >= at && sendAt <= at + 900_000)).toBe(true);
});

test("a kind without a template is not sent", () => {
  const { calls } = planPostbacks(happenings, templates, noFaults, newChance(1));
  expect(new Set(calls.map(({ kind }) => kind))).toEqual(new Set(["action-lifecycle"]));
  expect(new Set(happenings.map(({ kind }) => kind)).size).toBe(4);
});

test.each(["loss", "repeat", "delay", "reorder"] as const)("%s befalls about the share that was asked for", (fault) => {
  const { calls, lost } = planned({ [fault]: 0.2 });
  const fates = { loss: "lost", repeat: "repeat", delay: "delayed", reorder: "reordered" } as const;
  const befallen = fault === "loss" ? lost.length : calls.filter(({ fate }) => fate === fates[fault]).length;
  expect(befallen / lifecycle.length).toBeGreaterThan(0.15);
  expect(befallen / lifecycle.length).toBeLessThan(0.25);
});

test("what is lost is not sent, what is repeated is sent twice, all else once", () => {
  const { calls, lost } = planned({ loss: 0.1, repeat: 0.1, delay: 0.1, reorder: 0.3 });
  const gone = new Set(lost.map(identityOf));
  expect(calls.filter((call) => gone.has(identityOf(call)) && call.fate !== "repeat").length).toBeLessThan(5); // two changes of one second
  const originals = calls.filter(({ fate }) => fate !== "repeat");
  expect(originals.length + lost.length).toBe(lifecycle.length);
});

test("a reordered call comes after the next one of its action, and calls are planned in order of sending", () => {
  const { calls } = planned({ reorder: 1 });
  const positions = Map.groupBy(calls, ({ subject }) => subject);
  const turned = [...positions.values()].filter((some) => some.some(({ at }, index) => at < (some[index - 1]?.at ?? 0)));
  const several = [...positions.values()].filter((some) => new Set(some.map(({ at }) => at)).size > 1);
  expect(turned.length).toBe(several.length);
  expect(calls.every(({ sendAt }, index) => sendAt >= (calls[index - 1]?.sendAt ?? 0))).toBe(true);
});

test("the same seed is the same plan", () => {
  expect(planned({ loss: 0.1, reorder: 0.5 })).toEqual(planned({ loss: 0.1, reorder: 0.5 }));
});
