/**
 * How the network carries the talk, and what is asked of it: everything, less, or sound alone.
 *
 * The picture goes when the quality stayed poor, because people can talk without it and not without sound; it comes
 * back when the sound alone went well for a while, later each time that this was wrong.
 */
import { NO_STREAK, see, seePair, step, using, type Model, type Step, type Streak } from "./model.js";
import type { Quality } from "./state.js";

/** Samples come every 3 s (`SAMPLE_MS` of the media adapter). */
export const POOR_SAMPLES = 4;
export const WELL_SAMPLES = 5;
/** One may be a hitch of a moment. */
export const SILENT_SAMPLES = 2;
const MAX_PATIENCE = 8;

export function qualitySampled(model: Model, quality: Quality): Step {
  const { pair, network } = model.view;
  if (pair === null) return step(model);
  const told = listened({ ...see(model, { network: { ...network, quality } }), streak: longer(model.streak, quality) }, quality.heard);
  if (pair.mode !== "video") return step(told);
  const { poor, well, patience } = told.streak;
  if (!network.soundOnly && poor >= POOR_SAMPLES) return pictureTurned(told, true);
  if (network.soundOnly && well >= WELL_SAMPLES * patience) return pictureTurned(told, false);
  return step(told);
}

/** Where nobody can tell, it stays as it was. */
function listened(model: Model, heard: boolean | null): Model {
  if (heard === null) return model;
  const silent = heard ? 0 : model.streak.silent + 1;
  return seePair({ ...model, streak: { ...model.streak, silent } }, { peerSilent: silent >= SILENT_SAMPLES });
}

/** They did something that tells how it is with them. */
export function heardOf(model: Model): Model {
  return seePair({ ...model, streak: { ...model.streak, silent: 0 } }, { peerSilent: false });
}

export function dataSaverSwitched(model: Model, on: boolean): Step {
  const { network } = model.view;
  return using(see(model, { network: { ...network, dataSaver: on } }));
}

/** Without any connection no network is too slow: that is told otherwise, and proves nothing. */
function longer({ poor, well, silent, patience }: Streak, { level }: Quality): Streak {
  const good = level === "good" || level === "fair";
  return { silent, poor: good ? 0 : poor + (level === "poor" ? 1 : 0), well: good ? well + 1 : 0, patience };
}

function pictureTurned(model: Model, soundOnly: boolean): Step {
  const { patience } = model.streak;
  const streak = { ...NO_STREAK, patience: soundOnly ? patience : Math.min(MAX_PATIENCE, 2 * patience) };
  const notice = { level: soundOnly ? "warn" : "info", code: soundOnly ? "sound_only" : "picture_back", params: {} } as const;
  return using({ ...see(model, { network: { ...model.view.network, soundOnly }, notice }), streak });
}
