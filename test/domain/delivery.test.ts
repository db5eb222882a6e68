import { expect, test } from "vitest";
import { deliveryId, parseDeliveryId } from "../../src/domain/delivery.ts";
import { newEventId, newShortId } from "../../src/domain/id.ts";

test("a delivery's id leads back to its event and its destination", () => {
  const delivery = { eventId: newEventId(Date.now()), destinationId: newShortId("dst") };
  expect(parseDeliveryId(deliveryId(delivery))).toEqual(delivery);
});

test.each([
  "",
  ":",
  "evt_1",
  "dst_1",
  "evt_1:",
  ":dst_1",
  "evt_:dst_1",
  "evt_1:dst_",
  "dst_1:evt_1",
  "evt_1:src_1",
  "evt_1:dst_1:dst_2",
  "evt_1:dst_1\n",
  " evt_1:dst_1",
  "evt_1:dst_1' or 1=1",
])("%j is no delivery's id", (id) => {
  expect(parseDeliveryId(id)).toBeNull();
});
