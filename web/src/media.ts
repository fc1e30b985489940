/**
 * Camera, microphone and LiveKit, fetched when they are needed: a text talk never downloads them.
 *
 * Passes on what the session and the page want; must not decide anything.
 */
import type { AbortSignalLike, BandwidthUse, Credentials, MediaAdapter, MediaEvents, MediaInspection, Mode, PictureSize } from "@duologue/client";
import type { DeviceProblem, DevicesState, FastStartCounts, LevelMeter, LiveKitMedia, LocalDevices, watchMutedSpeech } from "@duologue/client/livekit";

export type { DeviceChoice, DeviceProblem } from "@duologue/client/livekit";

export interface DeviceTrouble {
  readonly kind: "camera" | "microphone";
  readonly problem: DeviceProblem;
}

export interface PageDevicesState extends Omit<DevicesState, "cameraError" | "microphoneError"> {
  readonly cameraError: DeviceTrouble | null;
  readonly microphoneError: DeviceTrouble | null;
}

/** What the page may ask of the person's devices. */
export interface PageDevices {
  readonly state: PageDevicesState;
  subscribe(listener: () => void): () => void;
  /** Ask for what the mode needs and let go of what it does not; never rejects, the state tells. */
  openFor(mode: Mode, camera: boolean): Promise<void>;
  switchCamera(id: string): Promise<void>;
  switchMicrophone(id: string): Promise<void>;
  meter(track: MediaStreamTrack): Promise<Pick<LevelMeter, "level" | "close">>;
  /** Tell whether somebody speaks into a microphone that is off; resolves with how to stop. */
  watchMutedSpeech(microphone: MediaStreamTrack, tell: (told: boolean) => void): Promise<() => void>;
}

interface Loaded {
  readonly devices: LocalDevices;
  readonly adapter: LiveKitMedia;
  readonly Meter: typeof LevelMeter;
  readonly watchSpeech: typeof watchMutedSpeech;
}

const NOTHING: PageDevicesState = {
  camera: null,
  microphone: null,
  cameraError: null,
  microphoneError: null,
  cameras: [],
  microphones: [],
  cameraId: null,
  microphoneId: null,
  facing: null,
};
const NO_CONNECTIONS = { built: 0, live: 0, swept: 0 };

export class LazyMedia implements MediaAdapter, PageDevices {
  #loading: Promise<Loaded> | null = null;
  #loaded: Loaded | null = null;
  #use: BandwidthUse = "full";
  #size: PictureSize | null = null;
  readonly #listeners = new Set<() => void>();

  get state(): PageDevicesState {
    return this.#loaded?.devices.state ?? NOTHING;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  async openFor(mode: Mode, camera: boolean): Promise<void> {
    if (mode === "text") return this.#loaded?.devices.close();
    const { devices } = await this.#load();
    await devices.setCamera(mode === "video" && camera);
    await devices.open({ camera: mode === "video", microphone: true });
  }

  async switchCamera(id: string): Promise<void> {
    await (await this.#load()).devices.switchCamera(id);
  }

  async switchMicrophone(id: string): Promise<void> {
    await (await this.#load()).devices.switchMicrophone(id);
  }

  async meter(track: MediaStreamTrack): Promise<Pick<LevelMeter, "level" | "close">> {
    const { Meter } = await this.#load();
    return new Meter(track);
  }

  async watchMutedSpeech(microphone: MediaStreamTrack, tell: (told: boolean) => void): Promise<() => void> {
    const { watchSpeech } = await this.#load();
    return watchSpeech(microphone, tell);
  }

  async join(credentials: Credentials, events: MediaEvents, signal: AbortSignalLike, mode: Mode): Promise<void> {
    await (await this.#load()).adapter.join(credentials, events, signal, mode);
  }

  async leave(): Promise<void> {
    await this.#loaded?.adapter.leave();
  }

  async setMicrophone(on: boolean): Promise<void> {
    await (await this.#load()).adapter.setMicrophone(on);
  }

  async setCamera(on: boolean): Promise<void> {
    await (await this.#load()).adapter.setCamera(on);
  }

  useBandwidth(use: BandwidthUse): void {
    this.#use = use;
    this.#loaded?.adapter.useBandwidth(use);
  }

  setPictureSize(size: PictureSize): void {
    this.#size = size;
    this.#loaded?.adapter.setPictureSize(size);
  }

  prepare(url: string): void {
    this.#loaded?.adapter.prepare(url);
  }

  async release(): Promise<void> {
    await this.#loaded?.adapter.release();
  }

  /** Null: not needed so far. */
  get fastStartCounts(): FastStartCounts | null {
    return this.#loaded?.adapter.fastStartCounts ?? null;
  }

  inspect(): MediaInspection {
    return this.#loaded?.adapter.inspect() ?? { room: "none", connections: [], versions: {} };
  }

  get ledger(): { built: number; live: number; swept: number } {
    return this.#loaded?.adapter.ledger ?? NO_CONNECTIONS;
  }

  #load(): Promise<Loaded> {
    this.#loading ??= this.#fetch().catch((error: unknown) => {
      this.#loading = null; // the network was gone: the next wish tries again
      throw error;
    });
    return this.#loading;
  }

  async #fetch(): Promise<Loaded> {
    const { LevelMeter: Meter, LiveKitMedia: Adapter, LocalDevices: Devices, watchMutedSpeech: watchSpeech } = await import("@duologue/client/livekit");
    const devices = new Devices();
    devices.subscribe(() => this.#listeners.forEach((listener) => listener()));
    this.#loaded = { devices, adapter: new Adapter({ devices }), Meter, watchSpeech };
    this.#loaded.adapter.useBandwidth(this.#use);
    if (this.#size !== null) this.#loaded.adapter.setPictureSize(this.#size);
    return this.#loaded;
  }
}

/** Whether asking for the devices would show no question: then the preview may start by itself. */
export async function alreadyPermitted(mode: Mode): Promise<boolean> {
  const names = mode === "video" ? ["camera", "microphone"] : ["microphone"];
  try {
    const found = await Promise.all(names.map((name) => navigator.permissions.query({ name: name as PermissionName })));
    return found.every(({ state }) => state === "granted");
  } catch {
    return false; // this browser does not say
  }
}
