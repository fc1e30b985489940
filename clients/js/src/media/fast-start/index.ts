/**
 * The first picture sooner: changes to how the SDK starts and ends a connection, from outside of it.
 *
 * Proved with livekit-client 2.23.0 and LiveKit 1.13.5; a test holds the version. Where a part finds a browser,
 * an SDK or a server other than it knows, nothing happens, and the SDK goes its own, slower way. Where a part
 * did its work and yet no track or no picture comes, a watchdog asks for what was withheld, and the next join is a
 * plain one.
 */
import type { Attempt } from "../platform.js";
import { isSignalUrl, onSocket, type WebSocketClass } from "../sockets.js";
import { starting, type ConnectionPlan, type PeerConnectionClass } from "./connection.js";
import { FIRST_KEYFRAME_AFTER_MS, forceKeyframe, KEYFRAMES_AFTER_MS } from "./keyframes.js";
import { ALL_PARTS, noCounts, NO_PARTS, type FastStartCounts, type FastStartParts, type MutableCounts } from "./parts.js";
import { closeAtOnce } from "./quick-leave.js";
import { askForOffer, askToConnectAnew, watchSignal, type SignalWatch } from "./signal.js";

export type { FastStartCounts, FastStartParts } from "./parts.js";

/** A picture is due this long after its track was subscribed. */
export const PICTURE_DUE_MS = 2_000;
/**
 * Where nobody says another start: the most that the SDK asks for (its own is 720 for our camera, less on slow links).
 * 300, 720, 1,000 and 2,000 were within noise of each other on loopback, so there is no reason to press harder.
 */
export const START_KBPS = 1_000;

interface Host {
  RTCPeerConnection?: PeerConnectionClass;
  WebSocket?: WebSocketClass;
}

interface Installed {
  /** What is built now is part of this attempt. */
  attempt: FastAttempt | null;
}

const installations = new WeakMap<object, Installed>();

export class FastStart {
  readonly #installed: Installed;
  readonly #parts: FastStartParts;
  readonly #counts: MutableCounts = noCounts();
  /** The last join fell back: the next one takes no risk. */
  #wary = false;

  /** `false`: all off; parts that are not named are on. Call it after the ledger was installed. */
  constructor(parts: Partial<FastStartParts> | false = {}, host: Host = globalThis) {
    this.#parts = parts === false ? NO_PARTS : { ...ALL_PARTS, ...parts };
    this.#installed = install(host);
  }

  get counts(): FastStartCounts {
    return { ...this.#counts };
  }

  /** What is built from here to `end` of the attempt belongs to it. `expectedTracks`: of the partner. */
  begin(expectedTracks: number): FastAttempt {
    const parts = this.#wary ? NO_PARTS : this.#parts;
    this.#wary = false;
    const attempt = new FastAttempt(parts, expectedTracks, this.#counts, () => (this.#wary = true));
    this.#installed.attempt = attempt;
    attempt.ended.addEventListener("abort", () => {
      if (this.#installed.attempt === attempt) this.#installed.attempt = null;
    });
    return attempt;
  }
}

/** One join. */
export class FastAttempt implements Attempt {
  readonly #parts: FastStartParts;
  readonly #expectedTracks: number;
  readonly #counts: MutableCounts;
  readonly #fellBack: () => void;
  readonly #end = new AbortController();
  #signal: SignalWatch | null = null;
  #socket: WebSocket | null = null;
  #dueTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(parts: FastStartParts, expectedTracks: number, counts: MutableCounts, fellBack: () => void) {
    this.#parts = parts;
    this.#expectedTracks = expectedTracks;
    this.#counts = counts;
    this.#fellBack = fellBack;
  }

  get ended(): AbortSignal {
    return this.#end.signal;
  }

  connectionPlan(): ConnectionPlan {
    const counts = this.#counts;
    return {
      slim: this.#parts.slimOffers,
      mediaOnly: this.#parts.mediaOnly,
      nominateFirst: this.#parts.nominateFirst,
      startKbps: this.#parts.startBitrate ? START_KBPS : null,
      slimmed: () => (counts.slimOffers += 1),
      channelSpared: () => (counts.channelsSpared += 1),
      nominated: () => (counts.nominations += 1),
      started: () => (counts.startBitrates += 1),
      misfired: () => (counts.misfires += 1),
      connected: (connection) => this.#connected(connection),
    };
  }

  socketOpened(socket: WebSocket, url: string | URL): void {
    if (!isSignalUrl(url)) return;
    this.#socket = socket;
    const counts = this.#counts;
    const misfired = (): void => void (counts.misfires += 1);
    if (this.#parts.quickLeave) closeAtOnce(socket, () => (counts.quickLeaves += 1), misfired);
    if (!this.#parts.earlyOffer) return;
    this.#signal = watchSignal(socket, this.#expectedTracks, {
      asked: () => (counts.earlyOffers += 1),
      withheld: () => (counts.withheld += 1),
      unreadable: misfired,
    });
  }

  pictureWanted(sender: RTCRtpSender): void {
    for (const delayMs of KEYFRAMES_AFTER_MS) this.#keyframeLater(sender, delayMs);
  }

  pictureSubscribed(): void {
    clearTimeout(this.#dueTimer);
    if (!Object.values(this.#parts).includes(true)) return;
    this.#dueTimer = this.#later(() => this.#fallBack("latePictures"), PICTURE_DUE_MS);
  }

  pictureSettled(): void {
    clearTimeout(this.#dueTimer);
  }

  tracksMissing(): void {
    if (!this.ended.aborted) this.#fallBack("missingTracks");
  }

  connectAnew(): void {
    if (this.#socket !== null && !this.ended.aborted) askToConnectAnew(this.#socket);
  }

  end(): void {
    this.#end.abort();
  }

  #connected(connection: RTCPeerConnection): void {
    if (this.ended.aborted) return;
    this.#signal?.connected();
    for (const sender of connection.getSenders()) {
      if (sender.track?.kind === "video") this.#keyframeLater(sender, FIRST_KEYFRAME_AFTER_MS);
    }
  }

  #keyframeLater(sender: RTCRtpSender, delayMs: number): void {
    if (this.#parts.keyframes) this.#later(() => void this.#forceKeyframe(sender), delayMs);
  }

  async #forceKeyframe(sender: RTCRtpSender): Promise<void> {
    const done = await forceKeyframe(sender);
    if (!this.ended.aborted) this.#counts[done ? "keyframes" : "misfires"] += 1;
  }

  #fallBack(cause: "latePictures" | "missingTracks"): void {
    this.#counts[cause] += 1;
    this.#fellBack();
    if (this.#socket !== null) askForOffer(this.#socket);
  }

  #later(run: () => void, delayMs: number): ReturnType<typeof setTimeout> {
    const timer = setTimeout(run, delayMs);
    this.ended.addEventListener("abort", () => clearTimeout(timer), { once: true });
    return timer;
  }
}

/** Be told of what is built, once; later calls give the same. */
function install(host: Host): Installed {
  const known = installations.get(host);
  if (known !== undefined) return known;
  const installed: Installed = { attempt: null };
  if (host.RTCPeerConnection !== undefined) {
    host.RTCPeerConnection = starting(host.RTCPeerConnection, () => installed.attempt?.connectionPlan() ?? null);
  }
  onSocket((socket, url) => installed.attempt?.socketOpened(socket, url), host);
  installations.set(host, installed);
  return installed;
}
