import { describe, expect, it } from "vitest";
import { backoffMs, comeBackMs } from "./backoff.js";

describe("backoffMs", () => {
  it.each([
    [0, 250],
    [1, 500],
    [3, 2_000],
    [6, 10_000],
    [60, 10_000],
  ])("after %i failures is jittered below a doubling ceiling", (failures, middle) => {
    expect(backoffMs(failures, 0.5)).toBe(middle);
    expect(backoffMs(failures, 0)).toBe(0);
    expect(backoffMs(failures, 0.999_999)).toBeLessThan(2 * middle);
  });
});

describe("comeBackMs", () => {
  it.each([
    [null, 0, 250],
    [700, 0, 700],
    [700, 2, 1_000],
    [700, 60, 10_000],
    [30_000, 60, 30_000],
  ])("told %s, after %i failures, is the longer of both", (toldMs, failures, expected) => {
    expect(comeBackMs(toldMs, failures, 0.5)).toBe(expected);
  });
});
