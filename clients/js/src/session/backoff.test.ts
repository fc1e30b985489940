import { describe, expect, it } from "vitest";
import { backoffMs, comeBackMs, Retries } from "./backoff.js";

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

describe("Retries", () => {
  const NOW = 1_000;
  const next = (retries: Retries): number => retries.next(null, NOW, 0.5);

  it("waits longer after each failure", () => {
    const retries = new Retries();
    expect([next(retries), next(retries), next(retries)]).toEqual([250, 500, 1_000]);
    expect(retries.failures).toBe(3);
  });

  it.each([
    [4_999, 500],
    [5_000, 250],
  ])("after a connection that lasted %i ms waits %i ms", (lastedMs, expected) => {
    const retries = new Retries();
    next(retries);
    retries.lost(lastedMs, null, NOW);
    expect(next(retries)).toBe(expected);
  });

  it("begins anew when it may work now", () => {
    const retries = new Retries();
    next(retries);
    retries.afresh();
    expect(next(retries)).toBe(250);
  });

  it("comes before the seat is given up, for as long as the last connection has one", () => {
    const retries = new Retries();
    for (let n = 0; n < 6; n += 1) next(retries);
    retries.lost(0, 2_000, NOW);
    expect(next(retries)).toBe(1_000);
    expect(retries.next(null, NOW + 1_001, 0.5)).toBe(10_000);
    retries.lost(0, null, NOW);
    expect(next(retries)).toBe(10_000);
  });

  it("waits for as long as it was told", () => {
    expect(new Retries().next(9_000, NOW, 0.5)).toBe(9_000);
  });
});
