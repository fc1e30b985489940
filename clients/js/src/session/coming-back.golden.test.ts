/** The rules of `protocol-fixtures/rules/` that every client keeps; Python is held to the same tables. */
import { describe, expect, it } from "vitest";
import rules from "../../../../protocol-fixtures/rules/coming-back.json";
import { comeBackMs } from "./backoff.js";
import { closePolicy } from "./closecodes.js";
import { isOld } from "./news.js";
import { renewInMs } from "./renewal.js";

describe("coming back", () => {
  it.each(rules.close)("close code $code, told $told_ms: $kind", ({ code, told_ms, kind, delay_ms }) => {
    expect(closePolicy(code, told_ms)).toEqual(delay_ms === null ? { kind } : { kind, delayMs: delay_ms });
  });

  it.each(rules.come_back)("after $failures failures, told $told_ms, $seat_left_ms ms of the seat left, the dice at $random: $ms ms", (rule) => {
    expect(comeBackMs(rule.told_ms, rule.failures, rule.random, rule.seat_left_ms)).toBe(rule.ms);
  });

  it.each(rules.renew)("a token with $left_ms ms left, the dice at $random, is renewed in $ms ms", ({ left_ms, random, ms }) => {
    expect(renewInMs(7_000 + left_ms, 7_000, random)).toBe(ms);
  });

  it.each(rules.old)("$message.type of $message.rev, where $rev is known, is old: $old", ({ message, rev, old }) => {
    expect(isOld(message as Parameters<typeof isOld>[0], rev)).toBe(old);
  });
});
