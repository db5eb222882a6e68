import { type PresetName, presetNames } from "../domain/destination.ts";
import { events } from "./presets/events.ts";
import { platforms } from "./presets/platforms.ts";
import type { Preset } from "./presets/preset.ts";
import { trackers } from "./presets/trackers.ts";

const all: Record<PresetName, Preset> = { ...events, ...trackers, ...platforms };

/** All of them with their names, for people who choose. */
export const presetCatalogue: ({ name: PresetName } & Preset)[] = presetNames.map((name) => ({ name, ...all[name] }));

/** The same by name. */
export const presets = Object.fromEntries(presetCatalogue.map((preset) => [preset.name, preset])) as Record<
  PresetName,
  (typeof presetCatalogue)[number]
>;
