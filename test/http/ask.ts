import { env } from "cloudflare:workers";
import { expect, vi } from "vitest";
import { call, type newSource, operate } from "../kit.ts";

export type TestSource = Awaited<ReturnType<typeof newSource>>;

/** The header that lets an operator in. */
export const asOperator = { authorization: `Bearer ${env.OPERATOR_TOKEN}` };

interface Parts {
  kind?: string;
  query?: string;
  body?: BodyInit;
  headers?: Record<string, string>;
  method?: string;
}

/** Calls a source's postback URL: a GET unless there is a body. */
export async function send(
  source: Pick<TestSource, "token">,
  { kind = "action-lifecycle", query = "", body, headers = {}, method }: Parts,
) {
  return await call(`/in/${source.token}/${kind}${query ? `?${query}` : ""}`, {
    method: method ?? (body === undefined ? "GET" : "POST"),
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

/** Sends a postback that must be accepted; the id of its event. */
export async function sendAccepted(source: Pick<TestSource, "token">, parts: Parts): Promise<string> {
  const response = await send(source, parts);
  expect(response.headers.get("x-event-status"), await response.clone().text()).toBe("accepted");
  return response.headers.get("x-event-id") as string;
}

/** Sends a postback that must end in quarantine; its id there. */
export async function sendRefused(source: Pick<TestSource, "token">, parts: Parts): Promise<string> {
  const response = await send(source, parts);
  expect(response.headers.get("x-event-status"), await response.clone().text()).toBe("quarantined");
  return response.headers.get("x-event-id") as string;
}

/** How many events and how many calls in quarantine a source has, in D1 itself. */
export async function held(source: Pick<TestSource, "id">): Promise<{ events: number; quarantined: number }> {
  const row = await env.DB.prepare(
    "select (select count(*) from events where source_id = ?1) as events, (select count(*) from quarantine where source_id = ?1) as quarantined",
  )
    .bind(source.id)
    .first<{ events: number; quarantined: number }>();
  return row ?? { events: 0, quarantined: 0 };
}

/** Waits until a delivery is in a state, as the queue's consumer brings it there; the delivery as our API tells it. */
export async function untilDelivery(id: string, state: string): Promise<any> {
  return await vi.waitFor(
    async () => {
      const { body } = await operate(`/deliveries/${id}`);
      expect(body.state).toBe(state);
      return body;
    },
    { timeout: 8000, interval: 40 },
  );
}

/** A filter that selects the events of one source only, so that tests do not hear each other. */
export function only(source: Pick<TestSource, "name">): string {
  return `source == ${JSON.stringify(source.name)}`;
}

/** In how many rows of D1 a text stands, in whatever table and column. */
export async function rowsWith(text: string): Promise<number> {
  const listed = "select name from sqlite_master where type = 'table' and name not like 'sqlite%' and name not like '_cf%'";
  const { results: tables } = await env.DB.prepare(listed).all<{ name: string }>();
  const counts = await Promise.all(
    tables.map(async ({ name }) => {
      const { results: columns } = await env.DB.prepare(`select name from pragma_table_info('${name}')`).all<{ name: string }>();
      const isThere = columns.map((column) => `instr(cast("${column.name}" as text), ?1) > 0`).join(" or ");
      return await env.DB.prepare(`select count(*) as n from "${name}" where ${isThere}`).bind(text).first<number>("n");
    }),
  );
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
