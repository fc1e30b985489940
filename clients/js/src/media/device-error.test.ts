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
