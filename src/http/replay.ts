import * as z from "zod";
import { deliveryId } from "../domain/delivery.ts";
import { Problem } from "../domain/problem.ts";
import { selectedOf } from "../receive.ts";
import { ring } from "../ring.ts";
import { findEvent } from "../store/events.ts";
import { replayDeliveries } from "../store/replays.ts";
import { viewDelivery } from "./deliveries.ts";
import { findDestination } from "./destinations.ts";
import { endpoint } from "./endpoint.ts";

export const replayEvent = endpoint({
  summary: "Send an event again: to every destination that it went to, or to one, also one that had not selected it",
  success: 202,
  body: z.strictObject({ destination: z.string().optional().describe("A destination's id; else all that the event has a delivery for.") }),
  run: async ({ app, params, body }) => {
    const id = params["id"] ?? "";
    const found = await findEvent(app.db, id);
    if (!found) throw new Problem("not_found", "There is no event with this id.");
    const destination = body.destination === undefined ? null : await findDestination(app, body.destination);
    const deliveries = await replayDeliveries(app.db, id, destination && selectedOf(found.event, destination), app.now());
    if (deliveries.length === 0) throw new Problem("conflict", "No destination has a delivery of this event. Name one to send it to.");
    const { destinations } = await app.catalog.anew(app.db);
    const active = new Set(destinations.filter(({ state }) => state === "active").map((one) => one.id));
    const rung = deliveries.filter(({ destinationId }) => active.has(destinationId));
    await ring(app, rung.map(deliveryId));
    return { status: 202, body: { data: deliveries.map((delivery) => viewDelivery(delivery)), held: deliveries.length - rung.length } };
  },
  form: (fields) => ({ destination: fields.text("destination") }),
  next: ({ answer: { data, held }, params }) => ({
    to: `/events/${params["id"]}`,
    said: `The event is sent again to ${data.length} ${data.length === 1 ? "destination" : "destinations"}${held > 0 ? `; ${held} of them not active, so it is held` : ""}.`,
  }),
});
