import { describe, expect, it } from "vitest";
import { CloseCode } from "../protocol.gen.js";
import { closePolicy, closeReason, DEFAULT_DELAY_MS, type ClosePolicy } from "./closecodes.js";

const KIND_BY_HUNDRED: Record<number, ClosePolicy["kind"]> = { 40: "now", 41: "after", 42: "token", 43: "never" };

describe("closePolicy", () => {
  it.each(Object.entries(CloseCode))("%s follows its hundred", (_, code) => {
    expect(closePolicy(code).kind).toBe(KIND_BY_HUNDRED[Math.floor(code / 100)]);
  });

  it.each([1000, 1001, 1005, 1006, 1011, 1012, 1013])("%i means come back", (code) => {
    expect(closePolicy(code)).toEqual({ kind: "now" });
  });

  it.each([1002, 1003, 1007, 1008, 1009, 1010])("%i means do not come back", (code) => {
    expect(closePolicy(code)).toEqual({ kind: "never" });
  });

  it("waits as long as it was told, or the default", () => {
    expect(closePolicy(CloseCode.OVERLOADED, 700)).toEqual({ kind: "after", delayMs: 700 });
    expect(closePolicy(CloseCode.OVERLOADED)).toEqual({ kind: "after", delayMs: DEFAULT_DELAY_MS });
    expect(closePolicy(CloseCode.GOING_AWAY, 700)).toEqual({ kind: "after", delayMs: 700 });
  });

  it("names our own codes", () => {
    expect(closeReason(CloseCode.REPLACED, "")).toBe("replaced");
    expect(closeReason(1009, "too big")).toBe("too big");
    expect(closeReason(1009, "")).toBe("1009");
  });
});
