import { Webhook } from "standardwebhooks";
import { type Arrival, type Behaviour, farSide } from "../flow/far-side.ts";
import type { Edge } from "./machine.ts";

/** Where a row's events go, by name: what each selects, on top of the row's own sources. */
export const selections: Record<string, { filter: string; selects: (event: any) => boolean }> = {
  all: { filter: "true", selects: () => true },
  chosen: { filter: 'sub_id1 == "chosen"', selects: ({ sub_id1 }) => sub_id1 === "chosen" },
  ordered: { filter: 'source.startsWith("ledger")', selects: ({ source }) => source.startsWith("ledger") },
  doomed: { filter: 'sub_id1 == "doomed"', selects: ({ sub_id1 }) => sub_id1 === "doomed" },
  moved: { filter: 'sub_id1 == "moved"', selects: ({ sub_id1 }) => sub_id1 === "moved" },
};
/** These never take anything: their deliveries must end exhausted, for all to see. */
export const hopeless = ["doomed", "moved"];
const hopelessSchedule = [1];

/** What a row asks of its destinations beyond the usual. */
export interface Wishes {
  /** How the good ones answer, `ms` after the far side began. */
  behave?: (response: Parameters<Behaviour>[0], arrival: Arrival, ms: number, nth: number) => void;
  timeout?: number;
  limits?: Record<string, unknown>;
}

export interface Receiver {
  name: string;
  id: string;
  secret: string;
}

/** The far side of a row, and the destinations that lead to it. `close` takes both away. */
export async function newReceivers(edge: Edge, names: string[], mark: string, { behave, timeout = 3, limits = {} }: Wishes) {
  const since = Date.now();
  const counts = new Map<string, number>();
  const answers: Record<string, Behaviour> = {
    "/doomed": (response) => response.writeHead(500).end(),
    "/moved": (response) => response.writeHead(307, { location: `${trap.url}/moved` }).end(),
  };
  const echo: Behaviour = (response, { headers }) => response.end(JSON.stringify(headers));
  const refused = new Set<Arrival>();
  const trap = await farSide();
  const far = await farSide((response, arrival) => {
    const nth = (counts.get(arrival.path) ?? 0) + 1;
    counts.set(arrival.path, nth);
    const answer = answers[arrival.path];
    if (answer) return answer(response, arrival);
    if (behave) behave(response, arrival, Date.now() - since, nth);
    if (response.headersSent) refused.add(arrival);
    if (!response.writableEnded && !response.headersSent && !isSilent.has(response)) echo(response, arrival);
  });

  const house = `house-secret-${crypto.randomUUID()}`;
  const receivers: Receiver[] = [];
  for (const [name, { filter }] of Object.entries(selections)) {
    const { id, secret } = await edge.operate("/destinations", {
      name: `${name} ${mark}`,
      url: `${far.url}/${name}`,
      filter: `source in ${JSON.stringify(names)} && ${filter}`,
      timeout,
      retry_schedule: hopeless.includes(name) ? hopelessSchedule : [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      headers: { "x-house": house },
      ...(name === "ordered" ? { ordered: true } : {}),
      ...(name === "all" ? limits : {}),
    });
    receivers.push({ name, id, secret });
  }
  return {
    receivers,
    arrivals: far.arrivals,
    /** Those that it did not take, and said so. */
    refused,
    trapped: trap.arrivals,
    secrets: [house, ...receivers.map(({ secret }) => secret)],
    attemptsOfHopeless: hopelessSchedule.length + 1,
    /** Destinations on this machine that nobody allowed: each must be refused when it is made. */
    forbidden: [trap.url.replace("127.0.0.1", "localhost"), trap.url.replace("127.0.0.1", "[::1]"), "https://169.254.169.254/latest"],
    close: async () => {
      await Promise.all([far.close(), trap.close()]);
    },
    forget: async () => {
      for (const { id } of receivers) await edge.operate(`/destinations/${id}`, undefined, "DELETE").catch(() => {});
    },
  };
}

export type Receivers = Awaited<ReturnType<typeof newReceivers>>;

const isSilent = new WeakSet<object>();

/** Answers nothing, or only after `ms`. */
export function silent(response: Parameters<Behaviour>[0], ms?: number): void {
  isSilent.add(response);
  if (ms !== undefined) setTimeout(() => response.end("late"), ms);
}

/** Is it signed by this secret, as the Standard Webhooks library signs, whatever the time? */
export function isSigned({ headers, body }: Arrival, secret: string): boolean {
  const at = new Date(Number(headers["webhook-timestamp"]) * 1000);
  if (Number.isNaN(at.getTime())) return false;
  const signature = new Webhook(secret).sign(headers["webhook-id"] ?? "", at, body);
  return (headers["webhook-signature"] ?? "").split(" ").includes(signature);
}
