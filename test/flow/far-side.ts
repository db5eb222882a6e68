import http from "node:http";
import net, { type AddressInfo } from "node:net";

/** One request that reached the far side. */
export interface Arrival {
  path: string;
  method: string;
  headers: Record<string, string>;
  body: string;
  at: number;
}

export type Behaviour = (response: http.ServerResponse, arrival: Arrival) => void;

/** A company's own system on loopback: keeps every request, and answers as told (200 unless told otherwise). */
export async function farSide(behave: Behaviour = (response) => response.end("ok")) {
  const arrivals: Arrival[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const headers = request.headers as Record<string, string>;
      const arrival = {
        path: request.url ?? "",
        method: request.method ?? "",
        headers,
        body: Buffer.concat(chunks).toString(),
        at: Date.now(),
      };
      arrivals.push(arrival);
      behave(response, arrival);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  const behaveLike = (other: Behaviour) => {
    behave = other;
  };
  return { url, arrivals, close, behaveLike };
}

/** What a far side does on the connection that a request came by; `nth` counts its requests from 1. */
export type Conduct = (connection: net.Socket, arrival: Arrival, nth: number) => void;

/** A far side below HTTP: keeps every request, and writes to the connection whatever it likes, or nothing. */
export async function rawFarSide(behave: Conduct) {
  const arrivals: Arrival[] = [];
  const connections = new Set<net.Socket>();
  const server = net.createServer((connection) => {
    connections.add(connection);
    connection.on("close", () => connections.delete(connection));
    connection.on("error", () => {}); // the other end may leave at any time
    let heard = Buffer.alloc(0);
    connection.on("data", (chunk) => {
      heard = Buffer.concat([heard, chunk]);
      for (let request = requestIn(heard); request; request = requestIn(heard)) {
        heard = heard.subarray(request.length);
        arrivals.push(request.arrival);
        behave(connection, request.arrival, arrivals.length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    for (const connection of connections) connection.destroy();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, arrivals, close };
}

/** The first byte of TLS. */
const tlsHandshake = 0x16;

/** The first whole request in what was heard so far, and how many bytes it takes; null while it is not whole. TLS counts as one. */
function requestIn(heard: Buffer): { arrival: Arrival; length: number } | null {
  if (heard[0] === tlsHandshake)
    return { arrival: { path: "", method: "TLS", headers: {}, body: "", at: Date.now() }, length: heard.length };
  const end = heard.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const [line = "", ...fields] = heard.subarray(0, end).toString("latin1").split("\r\n");
  const [method = "", path = ""] = line.split(" ");
  const headers = Object.fromEntries(fields.map((field) => [field.split(":", 1)[0]?.toLowerCase(), field.replace(/^[^:]*:\s*/, "")]));
  const length = end + 4 + Number(headers["content-length"] ?? 0);
  if (heard.length < length) return null;
  const body = heard.subarray(end + 4, length).toString();
  return { arrival: { path, method, headers, body, at: Date.now() }, length };
}
