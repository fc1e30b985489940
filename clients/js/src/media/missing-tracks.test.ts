import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { countMissing, LOOK_MS, LOOKS_TO_ASK, LOOKS_TO_FAIL, watchTracks } from "./missing-tracks.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function world() {
  const [ask, fail] = [vi.fn(), vi.fn()];
  const partner = { missing: 1 };
  const stop = watchTracks(() => partner.missing, ask, fail);
  const after = (looks: number): void => void vi.advanceTimersByTime(looks * LOOK_MS);
  return { ask, fail, partner, stop, after };
}

it("misses what is wanted, heard or seen, and not here", () => {
  const there = { isMuted: false, isDesired: true };
  expect(countMissing([there, { ...there, track: {} }, { ...there, isMuted: true }, { ...there, isDesired: false }, there])).toBe(2);
});

it("asks once, and then gives up, once", () => {
  const { ask, fail, after } = world();
  after(LOOKS_TO_ASK - 1);
  expect(ask).not.toHaveBeenCalled();
  after(LOOKS_TO_FAIL - LOOKS_TO_ASK);
  expect(ask).toHaveBeenCalledOnce();
  expect(fail).not.toHaveBeenCalled();
  after(LOOKS_TO_FAIL);
  expect(fail.mock.calls).toEqual([["tracks missing 1"]]);
  expect(ask).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});

it("begins anew when all were here meanwhile", () => {
  const { ask, partner, after } = world();
  after(LOOKS_TO_ASK - 1);
  partner.missing = 0;
  after(1);
  partner.missing = 2;
  after(LOOKS_TO_ASK - 1);
  expect(ask).not.toHaveBeenCalled();
  after(1);
  expect(ask).toHaveBeenCalledOnce();
});

it("leaves no timer when it is stopped", () => {
  const { stop } = world();
  stop();
  expect(vi.getTimerCount()).toBe(0);
});
