/** The least a Worker can do: (a) answer, and (b) answer after one insert into D1 of a row with an id and the text of the call. */

const insert = "insert into calls (id, received_at, method, query, headers) values (?1, ?2, ?3, ?4, ?5)";

export default {
  async fetch(request, env) {
    if (env.STORES) {
      const query = new URL(request.url).search.slice(1);
      const headers = JSON.stringify({ "user-agent": request.headers.get("user-agent") });
      await env.DB.prepare(insert).bind(crypto.randomUUID(), Date.now(), request.method, query, headers).run();
    }
    return new Response("OK");
  },
};
