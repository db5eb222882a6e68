import edge from "../../src/index.ts";

/** The real Worker, with a count of how often it asks D1 to store events; `/stores` tells it. */
let stores = 0;
const counted = new WeakMap<Env, Env>();

function counting(env: Env): Env {
  const known = counted.get(env);
  if (known) return known;
  const storing = new WeakSet<D1PreparedStatement>();
  const prepare = (sql: string) => {
    const statement = env.DB.prepare(sql);
    if (!sql.includes("insert into events")) return statement;
    const bind = (...values: unknown[]) => {
      const bound = env.DB.prepare(sql).bind(...values);
      storing.add(bound);
      return bound;
    };
    return { bind };
  };
  const batch = async (statements: D1PreparedStatement[]) => {
    if (statements.some((one) => storing.has(one))) stores++;
    return await env.DB.batch(statements);
  };
  const wrapped = { ...env, DB: { prepare, batch } as unknown as D1Database };
  counted.set(env, wrapped);
  return wrapped;
}

export default {
  fetch: async (request, env, context) =>
    request.url.endsWith("/stores") ? Response.json(stores) : await edge.fetch(request, counting(env), context),
  queue: async (batch, env, context) => await edge.queue(batch as never, counting(env), context),
  scheduled: async (controller, env, context) => await edge.scheduled(controller, counting(env), context),
} satisfies ExportedHandler<Env>;
