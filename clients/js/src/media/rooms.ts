/**
 * Media over LiveKit, one room after another, on a page or a phone (`MediaPlatform`).
 *
 * The rules (docs of the library do not tell them, its source does): local tracks belong to `LocalDevices`
 * and outlive rooms; a Room is used again only after a clean end; nothing is published before the signalling
 * is up; an in-flight publish is awaited before a disconnect; leftovers of failed connects are closed.
 */
import { AudioPresets, ConnectionError, ConnectionState, VideoPresets, version, type Room, type RoomConnectOptions, type RoomOptions } from "livekit-client";
import type { AbortSignalLike } from "../session/abort.js";
import type { MediaAdapter, MediaEvents, MediaInspection, PictureSize } from "../session/api.js";
import type { BandwidthUse } from "../session/state.js";
import type { Credentials, Mode } from "../protocol.gen.js";
import { DuologueError } from "../errors.js";
import { watchAgreement } from "./agreement.js";
import { watchAstray } from "./astray.js";
import { DeviceError } from "./device-error.js";
import type { LocalDevices } from "./devices.js";
import { installLedger, type Ledger, type LedgerCounts } from "./ledger.js";
import { makeRoom, type LibraryRoom } from "./library-rooms.js";
import { watchLibraryTimers, type LibraryTimers } from "./library-timers.js";
import { watchTracks } from "./missing-tracks.js";
import { part } from "./part.js";
import type { MediaPlatform } from "./platform.js";
import { qualityOf, watchTotals } from "./quality.js";
import { asksBack, isSignalUrl, onSocket } from "./sockets.js";
import { Stage, type NetworkUse, type OwnTrack } from "./stage.js";
import { unlessAborted, within } from "./waiting.js";
import { watchWay } from "./way.js";

export interface LiveKitRoomsOptions {
  /** Owned by the page (it shows a preview); closed with the session. */
  readonly devices: LocalDevices;
  /** Default: what LiveKit tells; none on loopback. */
  readonly iceServers?: readonly RTCIceServer[];
  readonly ledger?: Ledger;
}

/** The library keeps some memory per match in a Room that is used again. */
const MATCHES_PER_ROOM = 200;
/** How long a publish in flight may hold up a leave. */
const SETTLE_MS = 3_000;
/** What the library has begun may fail as late as this after it was told to stop, and it would call that an error. */
const QUIET_MS = 4_000;
/** Below the session's reconnect budget, so that the library gives up before we do. */
const RECONNECT_MS = 9_000;

const ROOM_OPTIONS: RoomOptions = {
  adaptiveStream: false, // it needs to own the <video> elements, which are the page's; there is one partner, seen large
  // Off: when the partner is in the room first, the server asks for layers before the library knows its own
  // publication; the library drops that with a warning and would send layers that nobody watches, or none.
  dynacast: false,
  stopLocalTrackOnUnpublish: false,
  disconnectOnPageLeave: false, // it would stop the camera; our own socket tells the server
  reconnectPolicy: {
    nextRetryDelayInMs: ({ retryCount, elapsedMs }) => (elapsedMs > RECONNECT_MS ? null : Math.min(2_000, 300 * 2 ** retryCount)),
  },
  publishDefaults: {
    audioPreset: AudioPresets.speech,
    dtx: true,
    red: true,
    stopMicTrackOnMute: false,
    videoCodec: "vp8",
    backupCodec: false,
    simulcast: true,
    videoEncoding: VideoPresets.h540.encoding,
    videoSimulcastLayers: [VideoPresets.h180],
  },
};

export class LiveKitRooms implements MediaAdapter {
  readonly #options: LiveKitRoomsOptions;
  readonly #platform: MediaPlatform;
  readonly #ledger: Ledger;
  readonly #timers: LibraryTimers;
  #made: LibraryRoom | null = null;
  #matches = 0;
  #stage: Stage | null = null;
  #mode: Mode = "text";
  readonly #network: NetworkUse = { use: "full", size: null };
  #stopMeasuring: () => void = () => undefined;
  /** Null: nothing is listened to. */
  #stopListening: (() => void) | null = null;
  /** The last join ended well: the Room may be used again. */
  #clean = true;

  constructor(options: LiveKitRoomsOptions, platform: MediaPlatform) {
    this.#options = options;
    this.#platform = platform;
    this.#ledger = options.ledger ?? installLedger();
    this.#timers = watchLibraryTimers(this.#ledger);
  }

  get ledger(): LedgerCounts {
    return this.#ledger.counts();
  }

  inspect(): MediaInspection {
    const connections = this.#ledger.open().map(({ connectionState, iceConnectionState, signalingState }) => ({
      connection: connectionState,
      ice: iceConnectionState,
      signaling: signalingState,
    }));
    return { room: this.#room?.state ?? "none", connections, versions: { livekit: version }, counts: this.#platform.counts() };
  }

  async join(credentials: Credentials, events: MediaEvents, signal: AbortSignalLike, mode: Mode): Promise<void> {
    if (signal.aborted) throw signal.reason;
    this.#mode = mode;
    this.#stopListening ??= this.#listen();
    const tracks = await unlessAborted(this.#tracks(mode), signal);
    const room = this.#roomToJoin();
    this.#clean = false;
    const stage = new Stage({ room, partners: credentials.subscribe, tracks, mode, network: this.#network }, this.#platform, events);
    this.#stage = stage;
    const abort = (): void => {
      if (room.state === ConnectionState.Connecting) void part(room); // makes `connect` reject
    };
    signal.addEventListener("abort", abort);
    try {
      await room.connect(credentials.url, credentials.token, this.#connectOptions(credentials.url));
      await unlessAborted(Promise.race([stage.published, stage.lost]), signal);
      stage.open();
      this.#measure(stage, events);
      this.#clean = true;
    } catch (error) {
      throw error instanceof ConnectionError ? new DuologueError(`livekit ${error.reasonName}`, { cause: error }) : error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async leave(): Promise<void> {
    const [stage, room] = [this.#stage, this.#room];
    this.#stage = null;
    this.#stopMeasuring();
    stage?.detach();
    if (stage !== null) await within(SETTLE_MS, stage.settled());
    if (room !== null && room.state !== ConnectionState.Connected) this.#clean = false;
    if (room !== null) await part(room);
    if (stage?.inTrouble === true) setTimeout(() => stage.speakUp(), QUIET_MS);
    if (!this.#clean || this.#matches >= MATCHES_PER_ROOM) this.#discard();
    this.#ledger.sweep();
  }

  useBandwidth(use: BandwidthUse): void {
    this.#network.use = use;
    this.#stage?.adapt();
  }

  setPictureSize(size: PictureSize): void {
    if (size.width * size.height === 0) return; // nobody sees it now: the next one who looks wants it at once
    this.#network.size = size;
    this.#stage?.adapt();
  }

  async setMicrophone(on: boolean): Promise<void> {
    await this.#options.devices.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await this.#options.devices.setCamera(on);
  }

  /** It was switched on, or plugged in, in the middle of a talk. */
  #publishCamera(): void {
    const { cameraTrack } = this.#options.devices;
    const wanted = this.#mode === "video" && this.#room?.state === ConnectionState.Connected;
    if (wanted && cameraTrack?.isMuted === false) void this.#stage?.publish(cameraTrack).catch(() => undefined);
  }

  /**
   * One request that leaves the name resolved and the keys of TLS agreed; no session of any kind.
   * Not the library's own way, which warns when it fails.
   */
  prepare(url: string): void {
    void fetch(url.replace(/^ws/, "http"), { method: "HEAD", mode: "no-cors", credentials: "omit" }).catch(() => undefined);
  }

  async release(): Promise<void> {
    await this.leave();
    this.#discard();
    this.#stopListening?.();
    this.#stopListening = null;
    await this.#options.devices.close();
  }

  /** For as long as there may be joins; returns how to stop. */
  #listen(): () => void {
    const stopDevices = this.#options.devices.subscribe(() => this.#publishCamera());
    const stopSockets = onSocket((socket, url) => this.#watchSignal(socket, url));
    return () => {
      stopDevices();
      stopSockets();
    };
  }

  /** Heard before the library hears it. */
  #watchSignal(socket: WebSocket, url: string | URL): void {
    if (!isSignalUrl(url)) return;
    const stage = this.#stage;
    socket.addEventListener("close", () => stage?.signalLost());
    socket.addEventListener("message", ({ data }) => {
      if (asksBack(data)) stage?.signalLost();
    });
  }

  #measure(stage: Stage, events: MediaEvents): void {
    this.#stopMeasuring();
    const lookAstray = watchAstray(() => stage.connectAnew());
    const stopQuality = watchTotals(() => this.#ledger.newest(), (before, now, connected) => {
      events.quality?.(qualityOf(before, now, connected, stage.awaited.length > 0));
      lookAstray(now, stage.awaited);
    });
    const stopComparing = watchAgreement(() => [this.#room?.state ?? ConnectionState.Disconnected, this.#ledger.newest()], events.failed.bind(events));
    const stopLooking = watchTracks(() => stage.missing, () => stage.askAgain(), events.failed.bind(events));
    const stopWatching = watchWay(this.#ledger.newest(), { lost: () => stage.wayLost(), back: () => stage.wayBack() });
    this.#stopMeasuring = () => {
      stopWatching();
      stopQuality();
      stopComparing();
      stopLooking();
    };
  }

  /** What there is to publish; a missing camera or microphone does not end a talk, missing both does. */
  async #tracks(mode: Mode): Promise<OwnTrack[]> {
    const { devices } = this.#options;
    const wanted = mode === "video";
    await devices.open({ camera: wanted, microphone: true });
    const camera = wanted && devices.cameraTrack?.isMuted === false ? devices.cameraTrack : null;
    const tracks = [devices.microphoneTrack, camera].filter((track) => track !== null);
    if (tracks.length > 0) return tracks;
    throw devices.state.microphoneError ?? devices.state.cameraError ?? new DeviceError("microphone", "unknown");
  }

  get #room(): Room | null {
    return this.#made?.room ?? null;
  }

  #roomToJoin(): Room {
    this.#made ??= makeRoom(ROOM_OPTIONS);
    return this.#made.room;
  }

  #discard(): void {
    this.#made?.letGo();
    this.#made = null;
    this.#timers.sweep(); // an aborted connect goes on in the background otherwise, on a room that nobody has
    this.#matches = 0;
    this.#clean = true;
  }

  #connectOptions(url: string): RoomConnectOptions {
    this.#matches += 1;
    const iceServers = this.#options.iceServers ?? (isLoopback(url) ? [] : undefined);
    return { autoSubscribe: true, maxRetries: 0, ...(iceServers === undefined ? {} : { rtcConfig: { iceServers: [...iceServers] } }) };
  }
}

function isLoopback(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]"].includes(new URL(url).hostname);
}
