import { type Alert, newAlertId } from "../../src/domain/alert.ts";
import { newShortId } from "../../src/domain/id.ts";

/** An open alert of a source of its own, unless told otherwise. */
export function anAlert(parts: Partial<Alert> = {}): Alert {
  const openedAt = parts.openedAt ?? Date.now();
  return {
    id: newAlertId(openedAt),
    sourceId: newShortId("src"),
    kind: "silence",
    figures: {
      last_received_at: "2026-05-13T08:00:00Z",
      silent_minutes: 125,
      expected: 42.1,
      limit: 13.4,
      learned_from: "2026-04-08T08:00:00Z",
      learned_postbacks: 4200,
    },
    closing: null,
    openedAt,
    closedAt: null,
    ...parts,
  };
}
