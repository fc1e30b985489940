import { expect, it } from "vitest";
import { renewInMs } from "./renewal.js";

it.each([
  ["early in the last third", 3_600_000, 0, 2_520_000],
  ["late in it", 3_600_000, 1, 3_240_000],
  ["again in what is left", 360_000, 0.5, 288_000],
  ["not when it is too late", 1_999, 0.5, null],
  ["not when it is over", -5, 0.5, null],
  ["once a day at least", 86_400_000_000, 0.5, 86_400_000],
])("a token is renewed %s", (_, leftMs, random, expected) => {
  expect(renewInMs(7_000 + leftMs, 7_000, random)).toBe(expected);
});
