/** Which machine of the edge stands at a point: the one at the door, the operator's, the consumer of a queue, or the one that cron woke. */
export type Machine = "door" | "desk" | "consumer" | "sweep";

/**
 * What happens at a point. `throw`: the platform fails with `error`. `stall`: it takes `ms` longer. `perish`: this invocation ends
 * there, unheard. `die`: the process tree of the edge is killed at that instant. `twice`, `late` (by `ms`) and `reverse` befall messages.
 */
export type Deed = "throw" | "stall" | "perish" | "die" | "twice" | "late" | "reverse";

/**
 * A fault at a named point of the platform's border. Points are named by what stands there: `D1 before store`, `D1 after claim`
 * (committed, and nobody knows), `queue before ring`, `intake after send`, `before request`, `batch of rings`. A `*` at the end
 * stands for any ending. The fault happens from the `nth` time the point is reached, `times` times, at every `every`-th of them.
 */
export interface Order {
  at: string;
  on?: Machine;
  do: Deed;
  error?: string;
  ms?: number;
  nth?: number;
  times?: number;
  every?: number;
}

/** What the worker asks at a point, and what it is told: how far the machine's clock is off, and what happens there. */
export interface Question {
  at: string;
  on: Machine;
}
export interface Answer {
  skewMs: number;
  order: Order | null;
  /** The points where anything may happen at all, as orders name them; nobody need ask at others. */
  watched: string[];
}

/** Does an order for `wanted` mean the point `at`? */
export function isAt(wanted: string, at: string): boolean {
  return wanted.endsWith("*") ? at.startsWith(wanted.slice(0, -1)) : wanted === at;
}

/** Texts of D1 itself. Source: Cloudflare's manual, "Debug D1". */
export const d1Errors = {
  lost: "D1_ERROR: Network connection lost.",
  overloaded: "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
  reset: "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
};
