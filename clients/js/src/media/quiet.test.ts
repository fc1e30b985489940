import { getLogger, LoggerNames, LogLevel } from "livekit-client";
import { expect, it } from "vitest";
import { hush } from "./quiet.js";

it("is as deep as somebody wishes, and lasts until the last one has enough", () => {
  const logger = getLogger(LoggerNames.Engine);
  logger.setLevel(LogLevel.info);
  const [deep, shallow] = [hush(LogLevel.silent), hush(LogLevel.error)];
  expect(logger.getLevel()).toBe(LogLevel.silent);
  deep();
  deep();
  expect(logger.getLevel()).toBe(LogLevel.error);
  shallow();
  expect(logger.getLevel()).toBe(LogLevel.info);
});
