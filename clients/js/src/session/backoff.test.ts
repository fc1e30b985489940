import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.js";

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
