import { expect, test } from "vitest";
import type { Destination, DestinationState } from "../../src/domain/destination.ts";
import { sampleEvent } from "../../src/forward/sample.ts";
import { select } from "../../src/forward/select.ts";
import { aDestination } from "../store/samples.ts";

const destination = (id: string, filter: string, state: DestinationState = "active"): Destination => aDestination({ id, filter, state });

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

test("operational news is selected by filters that speak of it, and not by those that take everything", () => {
  const news = { ...sampleEvent("evt_1", 0), kind: "operational", type: "operational.destination_failing" } as const;
  const filters = [
    "",
    "!is_test || is_test",
    'type.startsWith("operational.")',
    'kind == "operational"',
    '!type.startsWith("operational.")',
  ];
  const destinations = filters.map((filter, index) => destination(String(index), filter));
  expect(select(news, "operational", destinations).map(({ id }) => id)).toEqual(["2", "3"]);
});
