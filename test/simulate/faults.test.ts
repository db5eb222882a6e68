import { afterEach, expect, test } from "vitest";
import type { Fault } from "../../simulate/faults.ts";
import { ask, closeAll, newApi } from "./kit.ts";

afterEach(closeAll);

const outcome = (answer: Promise<Response>) =>
  answer.then(
    async (response) => [response.status, await response.text().catch(() => "broken")] as const,
    (error: Error) => [0, error.name] as const,
  );

test.each<[Fault, (status: number, body: string) => boolean]>([
  ["error", (status, body) => [500, 502, 503, 504].includes(status) && body.startsWith("<html>")],
  ["throttled", (status, body) => status === 429 && JSON.parse(body).Status === "ERROR"],
  ["cut", (status, body) => status === 0 || body === "broken"],
  ["truncated", (status, body) => status === 200 && body.startsWith('{"@page"') && !body.endsWith("}")],
  ["slow", (status, body) => status === 200 && body.endsWith("}")],
])("a request may end as %s", async (fault, isSo) => {
  const { api } = await newApi({}, { onRequest: () => fault, faults: { slowMs: 50 } });
  const start = performance.now();
  const [status, body] = await outcome(ask(api, "Actions"));
  expect(isSo(status, body), `${status} ${body.slice(0, 100)}`).toBe(true);
  if (fault === "slow") expect(performance.now() - start).toBeGreaterThan(45);
});

test("an answer may never come, and closing does not wait for it", async () => {
  const { api } = await newApi({}, { onRequest: () => "silent" });
  const answer = outcome(ask(api, "Actions"));
  await expect.poll(() => api.requests.length).toBe(1);
  await api.close();
  expect((await answer)[0]).toBe(0);
  expect(api.requests[0]?.status).toBe(null);
});

test("a test can answer itself, and once only", async () => {
  const { api } = await newApi({}, { onRequest: ({ path }) => (path.endsWith("Jobs") ? { status: 418, body: "tea" } : undefined) });
  expect(await outcome(ask(api, "Jobs"))).toEqual([418, "tea"]);
  expect((await ask(api, "Actions")).status).toBe(200);
});

test("faults befall about the share that was asked for, and the same requests each time", async () => {
  const statuses = async () => {
    const { api } = await newApi({ actions: 1 }, { faults: { error: 0.2, throttled: 0.1 }, seed: 3 });
    const answers = [];
    for (let n = 0; n < 100; n++) answers.push((await ask(api, "Jobs")).status);
    return answers;
  };
  const first = await statuses();
  expect(await statuses()).toEqual(first);
  const share = (wanted: (status: number) => boolean) => first.filter(wanted).length;
  expect(share((status) => status >= 500)).toBeGreaterThan(8);
  expect(share((status) => status === 429)).toBeGreaterThan(2);
  expect(share((status) => status === 200)).toBeGreaterThan(50);
});
