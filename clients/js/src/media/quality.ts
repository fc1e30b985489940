/** From what a browser counts (W3C webrtc-stats) to how well a talk goes. Pure, but for the clock that asks for it. */
import type { Quality } from "../session/state.js";

export const SAMPLE_MS = 3_000;

/** ITU-T G.114: up to 150 ms one way nobody notices, beyond 400 ms people talk into each other. */
const RTT_MS = { fair: 300, poor: 800 } as const;
/** Opus with RED hides what is lost up to about the first, and stutters beyond the second. */
const LOSS = { fair: 0.03, poor: 0.1 } as const;
/** Share of the time in which the picture stood still. */
const FROZEN = { fair: 0.1, poor: 0.4 } as const;

/** Totals since the connection was built, at one moment. */
export interface Totals {
  readonly atMs: number;
  readonly rttMs: number | null;
  readonly packetsReceived: number;
  readonly packetsLost: number;
  /** What the other end reports of our packets: the worst track, 0 to 1. */
  readonly lossSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly frozenMs: number;
  /** Of all that came over the way in use, the media server's own reports included. */
  readonly bytesOfWay: number;
  readonly tracks: readonly TrackTotals[];
}

/** Of one track that is received. */
export interface TrackTotals {
  readonly kind: string;
  /** Of the `MediaStreamTrack`. */
  readonly id: string;
  readonly packets: number;
}

type Stat = Readonly<Record<string, unknown>>;

export function totalsOf(stats: Iterable<Stat>, atMs: number): Totals {
  const all = [...stats];
  const of = (type: string): Stat[] => all.filter((stat) => stat["type"] === type);
  const [ways, received, reported] = [of("candidate-pair").filter((pair) => pair["nominated"] === true), of("inbound-rtp"), of("remote-inbound-rtp")];
  const rttS = greatest(ways, "currentRoundTripTime") ?? greatest(reported, "roundTripTime");
  return {
    atMs,
    rttMs: rttS === null ? null : Math.round(rttS * 1000),
    packetsReceived: sum(received, "packetsReceived"),
    packetsLost: sum(received, "packetsLost"),
    lossSent: greatest(reported, "fractionLost") ?? 0,
    bytesReceived: sum(received, "bytesReceived"),
    bytesSent: sum(of("outbound-rtp"), "bytesSent"),
    frozenMs: 1000 * sum(received, "totalFreezesDuration"),
    bytesOfWay: sum(ways, "bytesReceived"),
    tracks: received.map((stat) => ({ kind: String(stat["kind"]), id: String(stat["trackIdentifier"]), packets: sum([stat], "packetsReceived") })),
  };
}

/** `connected`: whether the transport has a way to the other end just now. `awaited`: whether the partner should be heard or seen. */
export function qualityOf(before: Totals, now: Totals, connected: boolean, awaited: boolean): Quality {
  const ms = Math.max(1, now.atMs - before.atMs);
  const lost = Math.max(0, now.packetsLost - before.packetsLost);
  const due = lost + Math.max(0, now.packetsReceived - before.packetsReceived);
  const loss = Math.max(due === 0 ? 0 : lost / due, now.lossSent);
  const frozen = Math.max(0, now.frozenMs - before.frozenMs) / ms;
  const kbps = (from: number, to: number): number => Math.round((8 * Math.max(0, to - from)) / ms);
  return {
    level: connected ? levelOf(now.rttMs ?? 0, loss, frozen) : "lost",
    rttMs: now.rttMs,
    loss,
    receivedKbps: kbps(before.bytesReceived, now.bytesReceived),
    sentKbps: kbps(before.bytesSent, now.bytesSent),
    heard: heardIn(before, now, awaited),
  };
}

/** The media server reports every second, also while nothing comes of the partner: without that it is our own way. */
function heardIn(before: Totals, now: Totals, awaited: boolean): boolean | null {
  if (now.packetsReceived > before.packetsReceived) return true;
  return awaited && now.bytesOfWay > before.bytesOfWay ? false : null;
}

/** The totals of one connection some seconds ago and now, and whether it has a way to the other end just now. */
export type TellTotals = (before: Totals, now: Totals, connected: boolean) => void;

/** Tell of the newest connection every few seconds; returns how to stop. */
export function watchTotals(newest: () => RTCPeerConnection | null, tell: TellTotals): () => void {
  let before: Totals | null = null;
  let measured: RTCPeerConnection | null = null;
  let stopped = false;
  const sample = async (): Promise<void> => {
    const connection = newest();
    const report = await connection?.getStats();
    if (stopped || connection === null || report === undefined) return;
    const now = totalsOf((report as unknown as ReadonlyMap<string, Stat>).values(), performance.now());
    if (before !== null && connection === measured) tell(before, now, connection.connectionState === "connected");
    before = now;
    measured = connection; // another one after a full reconnect: its totals begin anew
  };
  const timer = setInterval(() => void sample().catch(() => undefined), SAMPLE_MS); // it was closed meanwhile
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}

function levelOf(rttMs: number, loss: number, frozen: number): Quality["level"] {
  const beyond = (level: "fair" | "poor"): boolean => rttMs > RTT_MS[level] || loss > LOSS[level] || frozen > FROZEN[level];
  return beyond("poor") ? "poor" : beyond("fair") ? "fair" : "good";
}

function numbers(stats: readonly Stat[], name: string): number[] {
  return stats.map((stat) => stat[name]).filter((value) => typeof value === "number");
}

function sum(stats: readonly Stat[], name: string): number {
  return numbers(stats, name).reduce((total, value) => total + value, 0);
}

function greatest(stats: readonly Stat[], name: string): number | null {
  const values = numbers(stats, name);
  return values.length === 0 ? null : Math.max(...values);
}
