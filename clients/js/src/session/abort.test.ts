import { expect, it, vi } from "vitest";
import { Abort } from "./abort.js";

it("tells once, and why", () => {
  const abort = new Abort();
  const told = vi.fn();
  abort.addEventListener("abort", told);
  expect([abort.aborted, abort.reason]).toEqual([false, undefined]);

  abort.abort(new Error("timeout"));
  abort.abort(new Error("too late"));

  expect(told).toHaveBeenCalledOnce();
  expect([abort.aborted, abort.reason]).toEqual([true, new Error("timeout")]);
});

it("does not tell who stopped listening", () => {
  const abort = new Abort();
  const told = vi.fn();
  abort.addEventListener("abort", told);
  abort.removeEventListener("abort", told);
  abort.abort(new Error("superseded"));
  expect(told).not.toHaveBeenCalled();
});
