import { expect, test } from "vitest";
import type { Destination, DestinationState } from "../../src/domain/destination.ts";
import { sampleEvent } from "../../src/forward/sample.ts";
import { select } from "../../src/forward/select.ts";

const destination = (id: string, filter: string, state: DestinationState = "active"): Destination => ({
  id,
  name: id,
  url: "https://far.example",
  method: "POST",
  filter,
  timeout: 15,
  retrySchedule: [],
  headerNames: [],
  sealed: "",
  state,
  stateReason: null,
  createdAt: 0,
  updatedAt: 0,
});

test("selects the destinations whose filter fits", () => {
  const destinations = [destination("all", ""), destination("pending", 'status == "PENDING"'), destination("big", "payout > 100.0")];
  expect(select(sampleEvent("evt_1", 0), "main", destinations).map(({ id }) => id)).toEqual(["all", "pending"]);
});

test("a stored filter that is none any more selects nothing, and stands in nobody's way", () => {
  const destinations = [destination("broken", "no_such_name == 1"), destination("well", "")];
  expect(select(sampleEvent("evt_1", 0), "main", destinations).map(({ id }) => id)).toEqual(["well"]);
});

test("selects paused and disabled destinations too, whose deliveries are held, but no deleted ones", () => {
  const destinations = [destination("p", "", "paused"), destination("d", "", "disabled"), destination("x", "", "deleted")];
  expect(select(sampleEvent("evt_1", 0), "main", destinations).map(({ id }) => id)).toEqual(["p", "d"]);
});
