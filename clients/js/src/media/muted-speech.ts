/**
 * That somebody speaks into a microphone that is off: they believe that they are heard.
 *
 * Told for a few seconds once it is clearly speech, then not for a while, longer each time: who keeps talking
 * to somebody in the room knows. Pure, but for the clock that listens.
 */
import { LevelMeter } from "./level-meter.js";

export const SAMPLE_MS = 100;
/** On the meter's scale (-36 dBFS): louder than a room, a keyboard between its strokes, or a distant voice. */
export const SPEECH = 0.4;
/** So much of it, less what fell silent since: a word or two, and no cough. */
const ENOUGH_MS = 800;
/** Gaps between syllables count a third against it. */
const LEAK = 1 / 3;
export const TOLD_MS = 6_000;
export const REST_MS = 30_000;

export interface MutedSpeech {
  /** Tell them now. */
  readonly told: boolean;
  /** How often it was told. */
  readonly times: number;
  readonly spokenMs: number;
  /** Until what is told goes, or may come again. */
  readonly leftMs: number;
}

export const SILENCE: MutedSpeech = { told: false, times: 0, spokenMs: 0, leftMs: 0 };

/** One more sample, `SAMPLE_MS` after the one before. */
export function heard(before: MutedSpeech, level: number): MutedSpeech {
  const spokenMs = clamped(before.spokenMs + (level >= SPEECH ? SAMPLE_MS : -LEAK * SAMPLE_MS), ENOUGH_MS);
  const after = { ...before, spokenMs, leftMs: Math.max(0, before.leftMs - SAMPLE_MS) };
  if (after.leftMs > 0) return after;
  if (before.told) return { ...after, told: false, leftMs: REST_MS * 2 ** (before.times - 1) };
  return spokenMs < ENOUGH_MS ? after : { ...after, told: true, times: before.times + 1, leftMs: TOLD_MS };
}

/**
 * Listen to a microphone that is off, in this page alone; returns how to stop.
 * Through a copy of the track: the one of the talk is silent.
 */
export function watchMutedSpeech(
  microphone: MediaStreamTrack,
  tell: (told: boolean) => void,
  meterOf: (track: MediaStreamTrack) => Pick<LevelMeter, "level" | "close"> = (track) => new LevelMeter(track),
): () => void {
  const ear = microphone.clone();
  ear.enabled = true;
  const meter = meterOf(ear);
  let speech = SILENCE;
  const timer = setInterval(() => {
    const before = speech;
    speech = heard(before, meter.level());
    if (speech.told !== before.told) tell(speech.told);
  }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    ear.stop();
    void meter.close();
  };
}

function clamped(ms: number, most: number): number {
  return Math.min(most, Math.max(0, ms));
}
