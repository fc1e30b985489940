import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { heard, REST_MS, SAMPLE_MS, SILENCE, SPEECH, TOLD_MS, watchMutedSpeech, type MutedSpeech } from "./muted-speech.js";

const LOUD = SPEECH + 0.2;
const QUIET = SPEECH - 0.1;

/** `levels` again and again for `ms`. */
function after(before: MutedSpeech, ms: number, levels: readonly number[]): MutedSpeech {
  let speech = before;
  for (let n = 0; n < ms / SAMPLE_MS; n += 1) speech = heard(speech, levels[n % levels.length] ?? 0);
  return speech;
}

describe("somebody who is muted", () => {
  it("is told after a word or two", () => {
    expect(after(SILENCE, 500, [LOUD]).told).toBe(false);
    expect(after(SILENCE, 1_000, [LOUD]).told).toBe(true);
  });

  it("is told of speech with gaps between its syllables", () => {
    expect(after(SILENCE, 3_000, [LOUD, LOUD, QUIET]).told).toBe(true);
  });

  it.each<[string, readonly number[]]>([
    ["a room", [QUIET]],
    ["a keyboard", [LOUD, 0, 0, 0]],
    ["a cough now and then", [LOUD, LOUD, LOUD, LOUD, LOUD, ...Array<number>(20).fill(0)]],
  ])("is not told of %s", (_, levels) => {
    expect(after(SILENCE, 60_000, levels).times).toBe(0);
  });

  it("is told for some seconds, then not for a while, longer each time", () => {
    const once = after(SILENCE, 1_000, [LOUD]);
    expect(after(once, TOLD_MS, [LOUD]).told).toBe(false);
    const minutes = (count: number): number => after(SILENCE, count * 60_000, [LOUD]).times;
    expect([minutes(0.5), minutes(1), minutes(2), minutes(10)]).toEqual([1, 2, 3, 5]);
  });

  it("is told again after a rest only when they speak again", () => {
    const rested = after(after(SILENCE, 1_000, [LOUD]), TOLD_MS + REST_MS + 10_000, [0]);
    expect(rested).toMatchObject({ told: false, times: 1 });
    expect(after(rested, 1_000, [LOUD])).toMatchObject({ told: true, times: 2 });
  });
});

describe("listening", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is to a copy that is on, tells both changes, and stops with nothing left", () => {
    const ear = { enabled: false, stop: vi.fn() };
    const meter = { level: vi.fn(() => LOUD), close: vi.fn(() => Promise.resolve()) };
    const meterOf = vi.fn(() => meter);
    const tell = vi.fn();
    const stop = watchMutedSpeech({ clone: () => ear } as never, tell, meterOf);
    expect(meterOf).toHaveBeenCalledWith(expect.objectContaining({ enabled: true }));
    vi.advanceTimersByTime(1_000 + TOLD_MS);
    expect(tell.mock.calls).toEqual([[true], [false]]);
    stop();
    expect([ear.stop.mock.calls.length, meter.close.mock.calls.length, vi.getTimerCount()]).toEqual([1, 1, 0]);
  });
});
