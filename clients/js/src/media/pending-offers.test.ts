import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { installLedger } from "./ledger.js";
import { callOffLateOffers, OFFER_DELAY_MS, type Timers } from "./pending-offers.js";

class Connection {
  signalingState = "stable";
  close(): void {
    this.signalingState = "closed";
  }
}

function world() {
  const host = { RTCPeerConnection: Connection as unknown as typeof RTCPeerConnection };
  const timers: Timers = { setTimeout: (run, delayMs) => setTimeout(run, delayMs), clearTimeout: (timer) => clearTimeout(timer) };
  callOffLateOffers(installLedger(host), timers);
  return { timers, connect: () => new host.RTCPeerConnection() };
}

describe("an offer that waits", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is made when its connection stays", () => {
    const { timers, connect } = world();
    const offer = vi.fn();
    connect();
    timers.setTimeout(offer, OFFER_DELAY_MS);
    vi.advanceTimersByTime(OFFER_DELAY_MS);
    expect(offer).toHaveBeenCalledOnce();
  });

  it("is called off when its connection closes first", () => {
    const { timers, connect } = world();
    const offer = vi.fn();
    const connection = connect();
    timers.setTimeout(offer, OFFER_DELAY_MS);
    connection.close();
    vi.advanceTimersByTime(1_000);
    expect(offer).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("does not suffer from another connection that closes", () => {
    const { timers, connect } = world();
    const offer = vi.fn();
    const old = connect();
    connect();
    timers.setTimeout(offer, OFFER_DELAY_MS);
    old.close();
    vi.advanceTimersByTime(OFFER_DELAY_MS);
    expect(offer).toHaveBeenCalledOnce();
  });

  it("is told from timers of another length", () => {
    const { timers, connect } = world();
    const other = vi.fn();
    const connection = connect();
    timers.setTimeout(other, OFFER_DELAY_MS + 1);
    connection.close();
    vi.advanceTimersByTime(1_000);
    expect(other).toHaveBeenCalledOnce();
  });
});
