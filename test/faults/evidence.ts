import type { Receivers } from "./receivers.ts";
import type { Sender } from "./sender.ts";

/** All that is known from outside after a row: the two ledgers, and what the edge tells its operator, read twice. */
export interface Evidence {
  sender: Sender;
  receivers: Receivers;
  /** The events of the row's two sources, early and in the end. */
  before: any[];
  events: any[];
  quarantined: any[];
  deliveries: any[];
  /** The states of actions, by id. */
  actions: Map<string, any>;
  /** Everything the edge has said: log lines, answers to its operator, error answers. */
  said: string;
  secrets: string[];
  /** May a delivery be made twice in this row? */
  mayRepeat: boolean;
}

/** What a row's line in the table says, and each promise that was broken. */
export interface Verdict {
  acknowledged: number;
  stored: number;
  delivered: number;
  duplicated: number;
  lost: number;
  breaches: string[];
}

/** Which of the row's sources an event is of. */
export function sourceOf({ source }: { source: string }): string {
  return source.split(" ")[0] ?? "";
}
