import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Job } from "./matters.ts";

/** Where job files are, on a port of its own: a URL with a signature opens them, and credentials brought along are an error. */
export interface FileHost {
  origin: string;
  sign(job: Job): string;
  /** How often a file was asked for with an Authorization header, which must never leave impact.com. */
  leaks(): number;
  close(): Promise<void>;
}

export async function serveFiles(findJob: (id: string) => Job | undefined, seed: string): Promise<FileHost> {
  let leaks = 0;
  const signature = (id: string) => createHash("sha256").update(`${seed}/${id}`).digest("hex");
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://files.invalid");
    const id = url.pathname.slice("/files/".length);
    const job = findJob(id);
    if (request.headers.authorization) {
      leaks++;
      response.writeHead(400, xml).end("<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>");
    } else if (!job || url.searchParams.get("X-Amz-Signature") !== signature(id)) {
      response.writeHead(403, xml).end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
    } else response.writeHead(200, { "content-type": "text/csv", "content-length": job.result.length }).end(job.result);
  });
  const origin = await listen(server, 0);
  return {
    origin,
    sign: (job) => `${origin}/files/${job.id}?X-Amz-Expires=300&X-Amz-Signature=${signature(job.id)}`,
    leaks: () => leaks,
    close: () => close(server),
  };
}

const xml = { "content-type": "application/xml" };

/** Listens on loopback, at a free port when it is 0; returns the origin. */
export async function listen(server: Server, port: number): Promise<string> {
  await new Promise<void>((done, failed) => server.once("error", failed).listen(port, "127.0.0.1", done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Ends a server and every connection to it, answered or not. */
export async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
}
