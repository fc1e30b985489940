import { expect, it } from "vitest";
import { deviceProblem } from "./device-error.js";

it.each([
  ["NotAllowedError", "denied"],
  ["NotReadableError", "busy"],
  ["NotFoundError", "missing"],
  ["OverconstrainedError", "missing"],
  ["TypeError", "unknown"],
])("%s means %s", (name, problem) => {
  expect(deviceProblem(new DOMException("", name))).toBe(problem);
});

it.each([
  [{ name: "SecurityError", message: "Permission denied." }, "denied"],
  [{ name: "DOMException", message: "AbortError" }, "busy"],
  [new TypeError("AbortError"), "unknown"],
  [undefined, "unknown"],
])("what React Native rejects with means %s", (error, problem) => {
  expect(deviceProblem(error)).toBe(problem);
});
