import http from "node:http";
import type { AddressInfo } from "node:net";

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
