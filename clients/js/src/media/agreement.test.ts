import { ConnectionState } from "livekit-client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { agree, COMPARE_MS, watchAgreement } from "./agreement.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each<[ConnectionState, RTCPeerConnectionState | null, boolean]>([
  [ConnectionState.Connected, "connected", true],
  [ConnectionState.Connected, "disconnected", true],
  [ConnectionState.Connected, "failed", false],
  [ConnectionState.Connected, null, false],
  [ConnectionState.Reconnecting, "failed", true],
  [ConnectionState.SignalReconnecting, null, true],
  [ConnectionState.Disconnected, "connected", false],
])("a room that is %s over a connection that is %s: %s", (room, connectionState, agreed) => {
  expect(agree(room, connectionState === null ? null : { connectionState })).toBe(agreed);
});

it("tells once, when they did not agree twice in a row, and leaves no timer", () => {
  const tell = vi.fn();
  let connection: { connectionState: RTCPeerConnectionState } | null = { connectionState: "connected" };
  watchAgreement(() => [ConnectionState.Connected, connection], tell);
  connection = null;
  vi.advanceTimersByTime(COMPARE_MS);
  connection = { connectionState: "connected" };
  vi.advanceTimersByTime(COMPARE_MS);
  connection = null;
  vi.advanceTimersByTime(COMPARE_MS);
  expect(tell).not.toHaveBeenCalled();
  vi.advanceTimersByTime(5 * COMPARE_MS);
  expect(tell.mock.calls).toEqual([["mismatch connected none"]]);
  expect(vi.getTimerCount()).toBe(0);
});
