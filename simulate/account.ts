/** One account of the simulated impact.com: who may come in, and what its documents are called. */
export interface Account {
  kind: "partner" | "brand";
  sid: string;
  token: string;
  /** What the token may read; `null` is everything. Scoped tokens exist since April 2025. */
  scopes: Resource[] | null;
}

export const resources = ["Actions", "ActionUpdates", "ActionInquiries", "Jobs"] as const;
export type Resource = (typeof resources)[number];

/** `/Mediapartners/{AccountSID}` (partner API v16) or `/Advertisers/{AccountSID}` (brand API v14). */
export function prefixOf(account: Account): string {
  return `/${prefixes[account.kind]}/${account.sid}`;
}

export const prefixes = { partner: "Mediapartners", brand: "Advertisers" } as const;
