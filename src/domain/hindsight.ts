import { ledgerOf, type Standing, type Step, type Told } from "./action.ts";

/** What one arrival made of an action: where it stood by all that had come until then. */
export interface Known extends Standing {
  event: Told;
  stage: Step;
  gaps: number;
}

/** A ledger is made for each arrival, of all events before it: of so many events together, at the most. */
const mostRead = 20_000;

/**
 * What we knew when: for each event of an action, as they came, how the action stood as we would have told it then. `arrived` is in
 * order of arrival. Of an action with hundreds of events only the last arrivals are told.
 *
 * What impact.com's API says of a postback was read later than the postback came, so it is left out; an event that came from the API
 * brought its date along.
 */
export function knownOf(arrived: Told[]): Known[] {
  const then = arrived.map((event) => (event.origin === "postback" ? withoutReading(event) : event));
  const count = Math.min(then.length, Math.ceil(mostRead / Math.max(1, then.length)));
  return then.slice(-count).map((event, index) => {
    const { current, entries, gaps } = ledgerOf(then.slice(0, then.length - count + index + 1));
    return { ...current, event, stage: stageOf(entries), gaps: gaps.length };
  });
}

/** The last step that was one. */
export function stageOf(entries: { step: Step }[]): Step {
  return entries.findLast(({ step }) => step !== "repeated")?.step ?? "tracked";
}

function withoutReading({ reading: _, ...event }: Told): Told {
  return event;
}
