import { afterAll, beforeAll, expect, test } from "vitest";
import { startEdge, until } from "./edge.ts";
import { farSide } from "./far-side.ts";

let edge: Awaited<ReturnType<typeof startEdge>>;
let far: Awaited<ReturnType<typeof farSide>>;

beforeAll(async () => {
  edge = await startEdge();
  far = await farSide((response, { path }) => (path === "/hanging" ? undefined : response.end()));
});
afterAll(async () => {
  await edge.close();
  await far.close();
});

test("a destination that hangs holds back no other", async () => {
  const { urls } = await edge.operate("/sources", { name: "impact", account: "partner" });
  await edge.operate("/destinations", { name: "hanging", url: `${far.url}/hanging`, timeout: 20 });
  await edge.operate("/destinations", { name: "well", url: `${far.url}/well` });
  const sent = Array.from({ length: 20 }, (_, n) => fetch(`${urls["action-lifecycle"]}?action_id=slow.${n}&status=PENDING`));
  await Promise.all(sent);
  await until(() => far.arrivals.filter(({ path }) => path === "/well").length === 20, 15_000);
  expect((await edge.operate("/deliveries?destination=hanging")).data.every(({ state }: { state: string }) => state === "pending")).toBe(
    true,
  );
});
