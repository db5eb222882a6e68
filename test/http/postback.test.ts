import { expect, test } from "vitest";
import { call, newSource, operate } from "../kit.ts";

test("answers an accepted postback with the source's text, and stores it", async () => {
  const source = await newSource();
  const response = await call(`${source.urls["action-lifecycle"]}?action_id=1.2.3&status=PENDING&payout=0.88&currency=USD`);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe("OK");
  expect(response.headers.get("x-event-status")).toBe("accepted");
  const { body } = await operate(`/events/${response.headers.get("x-event-id")}`);
  expect(body).toMatchObject({ type: "action.pending", action_id: "1.2.3", payout: "0.88", currency: "USD" });
});
