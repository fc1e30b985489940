import { ConnectionState, getLogger, LoggerNames, LogLevel } from "livekit-client";
import { afterEach, expect, it, vi } from "vitest";
import { part } from "./part.js";

/** As the library does it: a logger that is asked for once, and used later. */
const logger = getLogger(LoggerNames.PCManager);
afterEach(() => vi.restoreAllMocks());

function roomThatWarns(state: ConnectionState): Parameters<typeof part>[0] {
  const disconnect = async (): Promise<void> => {
    await Promise.resolve();
    logger.warn("abort");
  };
  return { state, disconnect };
}

it.each([
  [ConnectionState.Connecting, 0],
  [ConnectionState.Reconnecting, 0],
  [ConnectionState.Connected, 1],
])("of a room that is %s, the console hears %i warnings", async (state, warnings) => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  logger.setLevel(LogLevel.info);
  await part(roomThatWarns(state));
  expect(warn).toHaveBeenCalledTimes(warnings);
  expect(logger.getLevel()).toBe(LogLevel.info);
});

it("does not reject, and gives the level back", async () => {
  logger.setLevel(LogLevel.info);
  await part({ state: ConnectionState.Connecting, disconnect: () => Promise.reject(new Error("no")) });
  expect(logger.getLevel()).toBe(LogLevel.info);
});
