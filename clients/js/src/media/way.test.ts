import { expect, it, vi } from "vitest";
import { watchWay } from "./way.js";

class Connection extends EventTarget {
  connectionState: RTCPeerConnectionState = "connected";

  become(state: RTCPeerConnectionState): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
}

function watched(): { connection: Connection; told: string[]; stop: () => void } {
  const connection = new Connection();
  const told: string[] = [];
  const stop = watchWay(connection, { lost: () => told.push("lost"), back: () => told.push("back") });
  return { connection, told, stop };
}

it("is told to be lost once, however that goes on, and to be back", () => {
  const { connection, told } = watched();
  for (const state of ["disconnected", "failed", "connecting", "connected", "disconnected"] as const) connection.become(state);
  expect(told).toEqual(["lost", "back", "lost"]);
});

it("is nothing to tell of while it is up, or once nobody listens", () => {
  const { connection, told, stop } = watched();
  connection.become("connected");
  stop();
  connection.become("disconnected");
  expect(told).toEqual([]);
});

it("may not be there at all", () => {
  expect(() => watchWay(null, { lost: vi.fn(), back: vi.fn() })()).not.toThrow();
});
