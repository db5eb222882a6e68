/**
 * The server that a user would write instead: Fastify and better-sqlite3, each call one transaction that is on disk before the answer
 * (WAL, synchronous=FULL), a unique key against repeats. It runs on the Node that installed it, since better-sqlite3 is built for that one.
 */
import { createHash, randomUUID } from "node:crypto";
import Database from "better-sqlite3";
import Fastify from "fastify";

const db = new Database(process.argv[2]);
db.pragma("journal_mode = wal");
db.pragma("synchronous = full");
db.exec(`create table if not exists calls (
  id text not null primary key, fingerprint text not null unique, received_at integer not null, kind text not null, query text not null, headers text not null
) strict`);
const insert = db.prepare("insert into calls values (?, ?, ?, ?, ?, ?) on conflict (fingerprint) do nothing");
const count = db.prepare("select count(*) as count from calls");

const server = Fastify();
server.get("/in/:token/:kind", (request, reply) => {
  const query = request.url.slice(request.url.indexOf("?") + 1);
  const fingerprint = createHash("sha256").update(query).digest("hex");
  const headers = JSON.stringify({ "user-agent": request.headers["user-agent"] });
  insert.run(randomUUID(), fingerprint, Date.now(), request.params.kind, query, headers);
  reply.header("content-type", "text/plain").send("OK");
});
server.get("/count", () => count.get());
const url = await server.listen({ host: "127.0.0.1", port: 0 });

process.on("disconnect", () => process.exit(0));
process.on("message", ({ number, name }) => {
  const answers = { ready: () => ({ url }), count: () => count.get().count };
  process.send({ number, answer: answers[name]?.() ?? null }, () => name === "stop" && process.exit(0));
});
process.send({ number: 0, answer: null });
