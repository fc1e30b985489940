import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { qualityOf, SAMPLE_MS, totalsOf, watchTotals, type Totals } from "./quality.js";

const STILL: Totals = { atMs: 0, rttMs: 40, packetsReceived: 0, packetsLost: 0, lossSent: 0, bytesReceived: 0, bytesSent: 0, frozenMs: 0, bytesOfWay: 0, tracks: [] };
const after3s = (changes: Partial<Totals>): Totals => ({ ...STILL, atMs: 3_000, packetsReceived: 300, ...changes });

describe("the totals", () => {
  it("come from the pair in use, from all tracks, and from the worst report", () => {
    const stats = [
      { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 },
      { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.1234, bytesReceived: 40 },
      { type: "inbound-rtp", kind: "audio", trackIdentifier: "sound", packetsReceived: 100, packetsLost: 1, bytesReceived: 10 },
      { type: "inbound-rtp", kind: "video", trackIdentifier: "picture", packetsReceived: 200, packetsLost: 2, bytesReceived: 20, totalFreezesDuration: 1.5 },
      { type: "remote-inbound-rtp", fractionLost: 0.01 },
      { type: "remote-inbound-rtp", fractionLost: 0.2 },
      { type: "outbound-rtp", bytesSent: 7 },
      { type: "codec" },
    ];
    const tracks = [{ kind: "audio", id: "sound", packets: 100 }, { kind: "video", id: "picture", packets: 200 }];
    const expected = { tracks, atMs: 5, rttMs: 123, packetsReceived: 300, packetsLost: 3, lossSent: 0.2, bytesReceived: 30, bytesSent: 7, frozenMs: 1_500, bytesOfWay: 40 };
    expect(totalsOf(stats, 5)).toEqual(expected);
  });

  it("know no round trip before one was measured, and take the track's where the pair has none", () => {
    expect(totalsOf([], 0).rttMs).toBeNull();
    expect(totalsOf([{ type: "remote-inbound-rtp", roundTripTime: 0.05 }], 0).rttMs).toBe(50);
  });
});

describe("the quality", () => {
  it.each<[string, Partial<Totals>, string]>([
    ["good", {}, "good"],
    ["fair with a long way", { rttMs: 301 }, "fair"],
    ["poor with a very long way", { rttMs: 801 }, "poor"],
    ["good with the odd loss", { packetsLost: 9 }, "good"],
    ["fair with some loss", { packetsLost: 15 }, "fair"],
    ["poor with much loss", { packetsLost: 40 }, "poor"],
    ["poor when what we send is lost", { lossSent: 0.2 }, "poor"],
    ["fair when the picture stands still at times", { frozenMs: 600 }, "fair"],
    ["poor when it mostly does", { frozenMs: 1_500 }, "poor"],
    ["good when nobody sends anything", { packetsReceived: 0 }, "good"],
  ])("is %s", (_, changes, level) => {
    expect(qualityOf(STILL, after3s(changes), true, true).level).toBe(level);
  });

  it("is lost without a way to the other end", () => {
    expect(qualityOf(STILL, after3s({}), false, true).level).toBe("lost");
  });

  it.each<[string, Partial<Totals>, boolean, boolean | null]>([
    ["heard of, when packets come", {}, true, true],
    ["heard of, also when nothing had to come", {}, false, true],
    ["silent, when only the server reports", { packetsReceived: 0, bytesOfWay: 90 }, true, false],
    ["not missed, when all of theirs is off", { packetsReceived: 0, bytesOfWay: 90 }, false, null],
    ["not blamed, when nothing at all comes here", { packetsReceived: 0 }, true, null],
  ])("tells that the partner is %s", (_, changes, awaited, heard) => {
    expect(qualityOf(STILL, after3s(changes), true, awaited).heard).toBe(heard);
  });

  it("tells bits a second of the time between two samples, never less than none", () => {
    const now = after3s({ bytesReceived: 300_000, bytesSent: 30_000 });
    expect(qualityOf(STILL, now, true, true)).toMatchObject({ receivedKbps: 800, sentKbps: 80, loss: 0, rttMs: 40 });
    expect(qualityOf(now, { ...STILL, atMs: 6_000 }, true, true)).toMatchObject({ receivedKbps: 0, sentKbps: 0 });
  });
});

describe("watching", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const connection = () => ({ connectionState: "connected", getStats: () => Promise.resolve(new Map([["a", { type: "outbound-rtp", bytesSent: 1 }]])) });

  it("tells from the second sample on, not across connections, and stops", async () => {
    let newest = connection();
    const tell = vi.fn();
    const stop = watchTotals(() => newest as never, tell);
    await vi.advanceTimersByTimeAsync(2 * SAMPLE_MS);
    expect(tell).toHaveBeenCalledTimes(1);
    newest = connection();
    await vi.advanceTimersByTimeAsync(SAMPLE_MS);
    expect(tell).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(SAMPLE_MS);
    expect(tell).toHaveBeenCalledTimes(2);
    stop();
    await vi.advanceTimersByTimeAsync(5 * SAMPLE_MS);
    expect(tell).toHaveBeenCalledTimes(2);
  });
});
