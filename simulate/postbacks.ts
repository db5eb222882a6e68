import type { Chance } from "./chance.ts";
import { hour, minute, second } from "./clock.ts";
import type { Happening, Kind } from "./happenings.ts";
import { type Call, fill, type Template, type TemplateWays, usualWays } from "./template.ts";

/** The share (0 to 1) of calls that each fault befalls. A call that is reordered is sent after the next one of its subject. */
export interface PostbackFaults {
  loss: number;
  repeat: number;
  delay: number;
  reorder: number;
}

export const noFaults: PostbackFaults = { loss: 0, repeat: 0, delay: 0, reorder: 0 };

/** A call as it will be sent. `fate` tells tests what was done to it. */
export interface Postback extends Call {
  kind: Kind;
  subject: string;
  /** When it happened. */
  at: number;
  /** When it is sent. */
  sendAt: number;
  fate: "plain" | "repeat" | "delayed" | "reordered";
}

export interface Plan {
  /** In order of sending. */
  calls: Postback[];
  lost: Happening[];
}

/** The template of each kind that the account has set up; a kind without one is not sent. */
export type Templates = Partial<Record<Kind, Template>>;

/**
 * Decides the fate of the postback of each happening. Usually one is sent within 15 minutes, which is what impact.com promises; seldom
 * does that alone turn the order of two changes around.
 */
export function planPostbacks(
  happenings: readonly Happening[],
  templates: Templates,
  faults: PostbackFaults,
  chance: Chance,
  ways: TemplateWays = usualWays,
): Plan {
  const lost: Happening[] = [];
  const kept: Postback[] = [];
  const repeats: Postback[] = [];
  for (const happening of happenings) {
    const template = templates[happening.kind];
    if (!template) continue;
    if (chance.is(faults.loss)) {
      lost.push(happening);
      continue;
    }
    const { kind, subject, at } = happening;
    const call: Postback = { ...fill(template, happening.values, ways), kind, subject, at, sendAt: at + latency(chance), fate: "plain" };
    if (chance.is(faults.delay)) Object.assign(call, { sendAt: at + chance.int(15 * minute, 6 * hour), fate: "delayed" });
    kept.push(call);
    if (chance.is(faults.repeat)) repeats.push({ ...call, sendAt: call.sendAt + chance.int(second, 30 * minute), fate: "repeat" });
  }
  reorder(kept, faults.reorder, chance);
  return { calls: [...kept, ...repeats].sort((a, b) => a.sendAt - b.sendAt), lost };
}

/** Most calls are quick. */
function latency(chance: Chance): number {
  return chance.is(0.9) ? chance.int(0, 5 * second) : chance.int(5 * second, 15 * minute);
}

/** Lets a call be overtaken by the next one of its subject; one that is the last of its subject, by the one that is sent next. */
function reorder(calls: Postback[], share: number, chance: Chance): void {
  const inOrder = calls.toSorted((a, b) => b.sendAt - a.sendAt); // the last first, so that what overtakes has found its place
  const nextOfSubject = new Map<string, Postback>();
  let next: Postback | undefined;
  for (const call of inOrder) {
    const other = nextOfSubject.get(call.subject) ?? next;
    nextOfSubject.set(call.subject, call);
    next = call;
    if (!other || !chance.is(share)) continue;
    call.sendAt = Math.max(call.sendAt, other.sendAt + second);
    call.fate = "reordered";
  }
}
