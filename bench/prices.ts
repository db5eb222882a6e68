/** Public prices in US dollars, past what a plan includes, with the page and when it was read. What is old or not known says so. */

/** What Cloudflare charges for one of each, past the included amounts. */
export const prices = {
  /** developers.cloudflare.com/workers/platform/pricing, as transcribed by third parties in August and September 2026. 10 M a month are included. */
  request: 0.3 / 1e6,
  /** The same page. 30 M a month are included. */
  cpuMs: 0.02 / 1e6,
  /** developers.cloudflare.com/d1/platform/pricing, as transcribed by third parties in August and September 2026. 25,000 M a month are included. */
  rowRead: 0.001 / 1e6,
  /** The same page. 50 M a month are included. */
  rowWritten: 1 / 1e6,
  /** developers.cloudflare.com/queues/platform/pricing, 2026. 1 M a month are included; an operation is 64 KB written, read or deleted. */
  queueOperation: 0.4 / 1e6,
  /** developers.cloudflare.com/d1/platform/pricing, as transcribed in August 2026. 5 GB are included. */
  databaseGigabyteMonth: 0.75,
  /** developers.cloudflare.com/r2/pricing, 2026. 10 GB are included; a million writes are $4.50, a million reads $0.36. */
  archiveGigabyteMonth: 0.015,
};

/** What Cloudflare documents as the most: D1's and Queues' pages on limits, 2026. */
export const limits = {
  /** D1 works on one query of a database at a time: "if your average query takes 1 ms, you can run approximately 1,000 queries per second". */
  queriesPerSecond: 1000,
  databaseGigabytes: 10,
  messagesPerSecond: 5000,
  consumers: 250,
};

/** A hosted gateway, its page as a public archive of API prices (api-evangelist on GitHub) transcribed it, and what a month of a million events with one delivery each comes to there. */
export interface Gateway {
  name: string;
  plan: string;
  /** Dollars for a month of a million; null where the price of further events is not public. */
  perMillion: number | null;
  says: string;
  page: string;
  read: string;
}

const million = 1_000_000;

export const gateways: Gateway[] = [
  {
    name: "Svix",
    plan: "Professional",
    perMillion: 490 + (million - 50_000) * 0.0001,
    says: "$490 a month with 50,000 messages, then $0.0001 a message",
    page: "svix.com/pricing",
    read: "2026-09-20",
  },
  {
    name: "Svix",
    plan: "Free, with overage",
    perMillion: (million - 50_000) * 0.0001,
    says: "50,000 messages a month, then $0.0001 a message; 30 days of payloads",
    page: "svix.com/pricing",
    read: "2026-09-20",
  },
  {
    name: "Hookbase",
    plan: "Business",
    perMillion: 79,
    says: "$79 a month with 2 million events",
    page: "hookbase.app/pricing",
    read: "2026-10-18",
  },
  {
    name: "Hookdeck",
    plan: "Team",
    perMillion: null,
    says: "from $39 a month with 10,000 events and 5 events a second; further events are metered at a price that the page shows by a slider and that was not found in writing",
    page: "hookdeck.com/pricing",
    read: "2026-09-20",
  },
];
