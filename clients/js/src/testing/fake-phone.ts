/** A phone with LiveKit's SDK on it, as far as our media look at them: what happens in a room is up to the test. */
import type { Track } from "livekit-client";
import type { AudioSessionLike } from "../react-native/sound.js";

/** React Native's: it says that it is closed only after the native side did. */
export class PhoneConnection extends EventTarget {
  signalingState = "stable";
  connectionState = "connected";
  close(): void {
    void Promise.resolve().then(() => (this.signalingState = "closed"));
  }
  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map<string, unknown>());
  }
}

export interface PhoneHost {
  RTCPeerConnection: typeof RTCPeerConnection;
}

export class PhoneAudio implements AudioSessionLike {
  readonly log: string[] = [];
  outputs = ["speaker", "earpiece"];
  refuses = false;

  startAudioSession = (): Promise<void> => {
    this.log.push("start");
    return this.refuses ? Promise.reject(new Error("in a call")) : Promise.resolve();
  };
  stopAudioSession = (): Promise<void> => this.#note("stop");
  getAudioOutputs = (): Promise<string[]> => Promise.resolve(this.outputs);
  selectAudioOutput = (output: string): Promise<void> => this.#note(output);

  #note(what: string): Promise<void> {
    this.log.push(what);
    return Promise.resolve();
  }
}

export class PhoneTrack {
  isMuted = false;
  readonly mediaStreamTrack = { readyState: "live", enabled: true, getSettings: (): object => ({ deviceId: this.kind, facingMode: "user" }) };
  constructor(readonly kind: "video" | "audio") {}
  on(): void {
    // The test tells nothing of devices.
  }
  mute(): Promise<void> {
    this.isMuted = true;
    return Promise.resolve();
  }
  unmute(): Promise<void> {
    this.isMuted = false;
    return Promise.resolve();
  }
  stop(): void {
    this.mediaStreamTrack.readyState = "ended";
  }
}

/** Of the partner. */
export class RemotePhoneTrack {
  readonly mediaStreamTrack = {};
  framesDecoded = 0;
  constructor(readonly kind: Track.Kind) {}
  getReceiverStats(): Promise<{ framesDecoded: number }> {
    return Promise.resolve({ framesDecoded: this.framesDecoded });
  }
}

export const PARTNER = { identity: "peer-a" };

/** A `Room` whose connect waits for the test. */
export class PhoneRoom {
  static made: PhoneRoom[] = [];
  static host: PhoneHost;
  static cleanupRegistry = false;
  state: "disconnected" | "connecting" | "connected" = "disconnected";
  readonly published: unknown[] = [];
  readonly remoteParticipants = new Map();
  readonly #listeners = new Map<string, Set<(...told: unknown[]) => void>>();
  #connecting: { resolve: () => void; reject: (error: Error) => void } | null = null;
  readonly localParticipant = {
    trackPublications: new Map<string, { track: unknown }>(),
    videoTrackPublications: new Map(),
    publishTrack: (track: unknown): Promise<void> => {
      this.published.push(track);
      return Promise.resolve();
    },
  };

  constructor() {
    PhoneRoom.made.push(this);
  }

  static get last(): PhoneRoom {
    const room = PhoneRoom.made.at(-1);
    if (room === undefined) throw new Error("no room was made");
    return room;
  }

  get listeners(): number {
    return [...this.#listeners.values()].reduce((sum, { size }) => sum + size, 0);
  }

  on(event: string, listener: (...told: unknown[]) => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }
  off(event: string, listener: (...told: unknown[]) => void): void {
    this.#listeners.get(event)?.delete(listener);
  }
  removeAllListeners(): void {
    this.#listeners.clear();
  }
  emit(event: string, ...told: unknown[]): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(...told);
  }

  connect(): Promise<void> {
    this.state = "connecting";
    new PhoneRoom.host.RTCPeerConnection();
    return new Promise((resolve, reject) => (this.#connecting = { resolve, reject }));
  }
  /** The signalling, and then the media, come up. */
  comesUp(): void {
    this.emit("signalConnected");
    this.state = "connected";
    this.#connecting?.resolve();
  }
  /** As the SDK at an abort and at a refusal: the connection that it built stays. */
  fails(error: Error): void {
    this.state = "disconnected";
    this.#connecting?.reject(error);
  }
  disconnect(): Promise<void> {
    if (this.state === "connecting") this.fails(new Error("cancelled"));
    this.state = "disconnected";
    this.localParticipant.trackPublications.clear();
    return Promise.resolve();
  }
}
