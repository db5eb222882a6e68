import { env } from "cloudflare:workers";
import { afterAll, beforeAll, vi } from "vitest";

/** One request that reached the far side. */
export interface Heard {
  url: string;
  method: string;
  headers: Headers;
  body: string;
  init: RequestInit;
}

type Answer = (heard: Heard) => Response | Promise<Response>;

const answers = new Map<string, Answer>();

/**
 * Puts a far side in place of the network while this file's tests run; hosts that no test has made answer 200. At the end the
 * file's destinations are taken away, so that they hear nothing of the tests of other files.
 */
export function useFarSide(): void {
  let since = 0;
  beforeAll(() => {
    since = Date.now();
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init = {}) => {
      const url = String(input instanceof Request ? input.url : input);
      const body = init.body instanceof Uint8Array ? new TextDecoder().decode(init.body) : String(init.body ?? "");
      const heard = { url, method: init.method ?? "GET", headers: new Headers(init.headers), body, init };
      return await (answers.get(new URL(url).host)?.(heard) ?? new Response("ok"));
    });
  });
  afterAll(async () => {
    await vi.waitUntil(async () => (await underWay(since)) === 0, { timeout: 5000, interval: 50 }).catch(() => {});
    await env.DB.prepare("update destinations set state = 'deleted', sealed = '' where created_at >= ?").bind(since).run();
    vi.restoreAllMocks();
  });
}

/** A host of its own for a test, with what it heard so far. */
export function farHost(answer: Answer = () => new Response("ok")): { host: string; url: string; heard: Heard[] } {
  const host = `${crypto.randomUUID()}.example`;
  const heard: Heard[] = [];
  answers.set(host, async (one) => {
    heard.push(one);
    return await answer(one);
  });
  return { host, url: `https://${host}/hook`, heard };
}

/** How many deliveries the queue's consumer has still to try for the first time. */
async function underWay(since: number): Promise<number> {
  const row = await env.DB.prepare(
    `select count(*) as n from deliveries d join destinations t on t.id = d.destination_id
     where d.state = 'pending' and d.attempts = 0 and t.state = 'active' and t.created_at >= ?`,
  )
    .bind(since)
    .first<{ n: number }>();
  return row?.n ?? 0;
}
