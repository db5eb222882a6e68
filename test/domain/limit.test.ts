import { expect, test } from "vitest";
import { TimeLimit, within } from "../../src/domain/limit.ts";

const never = new Promise<never>(() => {});
const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

test("gives the value of work that is done in time", async () => {
  expect(
    await within(
      1000,
      after(1).then(() => "done"),
    ),
  ).toBe("done");
});

test("gives the failure of work that fails in time, as it is", async () => {
  const failure = new Error("D1 said no");
  await expect(within(1000, Promise.reject(failure))).rejects.toBe(failure);
});

test("ends work that takes too long, and says how long it waited", async () => {
  const limit = await within(5, never).catch((error: unknown) => error);
  expect(limit).toBeInstanceOf(TimeLimit);
  expect(limit).toHaveProperty("message", "no answer within 5 ms");
});

test("a failure after the limit goes nowhere", async () => {
  const unhandled: unknown[] = [];
  const listen = (event: Event) => unhandled.push(event);
  addEventListener("unhandledrejection", listen);
  const late = after(10).then(() => Promise.reject(new Error("too late")));
  await within(1, late).catch(() => {});
  await after(30);
  removeEventListener("unhandledrejection", listen);
  expect(unhandled).toEqual([]);
});
