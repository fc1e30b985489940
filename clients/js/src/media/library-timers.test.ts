import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { installLedger } from "./ledger.js";
import { OFFER_DELAY_MS, watchLibraryTimers, type Timers } from "./library-timers.js";

class Connection {
  signalingState = "stable";
  close(): void {
    this.signalingState = "closed";
  }
}

function world() {
  const host = { RTCPeerConnection: Connection as unknown as typeof RTCPeerConnection };
  const timers: Timers = {
    setTimeout: (run, delayMs) => setTimeout(run, delayMs),
    clearTimeout: (timer) => clearTimeout(timer),
    setInterval: (run, delayMs) => setInterval(run, delayMs),
    clearInterval: (timer) => clearInterval(timer),
  };
  const library = watchLibraryTimers(installLedger(host), timers);
  return { timers, library, connect: () => new host.RTCPeerConnection() };
}

describe("the library's timers", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("run as they are asked to", () => {
    const { timers, connect } = world();
    const [offer, check] = [vi.fn(), vi.fn()];
    connect();
    timers.setTimeout(offer, OFFER_DELAY_MS);
    const interval = timers.setInterval(check, 4_000);
    vi.advanceTimersByTime(8_000);
    timers.clearInterval(interval);
    vi.advanceTimersByTime(8_000);
    expect([offer.mock.calls.length, check.mock.calls.length]).toEqual([1, 2]);
  });

  it("end with their connection, where nobody waits for them", () => {
    const { timers, connect } = world();
    const [offer, check] = [vi.fn(), vi.fn()];
    const connection = connect();
    timers.setTimeout(offer, OFFER_DELAY_MS);
    timers.setInterval(check, 4_000);
    connection.close();
    vi.advanceTimersByTime(60_000);
    expect([offer.mock.calls.length, check.mock.calls.length]).toEqual([0, 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("go on where somebody waits for them", () => {
    const { timers, connect } = world();
    const sleeper = vi.fn();
    const connection = connect();
    timers.setTimeout(sleeper, 50);
    connection.close();
    vi.advanceTimersByTime(50);
    expect(sleeper).toHaveBeenCalledOnce();
  });

  it("do not suffer from another connection that closes", () => {
    const { timers, connect } = world();
    const offer = vi.fn();
    const old = connect();
    connect();
    timers.setTimeout(offer, OFFER_DELAY_MS);
    old.close();
    vi.advanceTimersByTime(OFFER_DELAY_MS);
    expect(offer).toHaveBeenCalledOnce();
  });

  it("are all gone after a sweep", () => {
    const { timers, library } = world();
    timers.setTimeout(vi.fn(), 15_000);
    timers.setInterval(vi.fn(), 4_000);
    library.sweep();
    expect(vi.getTimerCount()).toBe(0);
  });
});
