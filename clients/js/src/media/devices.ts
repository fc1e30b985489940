/**
 * The person's camera and microphone: asked for when needed, made once, and outliving every room.
 *
 * Owns the local tracks; a room only borrows them. Must not know sessions or rooms.
 */
import { createLocalAudioTrack, createLocalVideoTrack, TrackEvent, VideoPresets, type LocalAudioTrack, type LocalVideoTrack, type VideoCaptureOptions } from "livekit-client";
import { DeviceError, deviceProblem, type DeviceKind } from "./device-error.js";
import { withoutSilenceChecks } from "./library-silence.js";

type OwnTrack = LocalAudioTrack | LocalVideoTrack;

export interface DeviceChoice {
  readonly id: string;
  readonly label: string;
}

export interface DevicesState {
  /** For `<video>`; another one after a switch of device, and after the camera was off. */
  readonly camera: MediaStreamTrack | null;
  readonly microphone: MediaStreamTrack | null;
  readonly cameraError: DeviceError | null;
  readonly microphoneError: DeviceError | null;
  /** Labels are empty until a permission was given. */
  readonly cameras: readonly DeviceChoice[];
  readonly microphones: readonly DeviceChoice[];
  readonly cameraId: string | null;
  readonly microphoneId: string | null;
  /** Which side of a phone the camera is on; null: it does not say. */
  readonly facing: Facing | null;
}

export type Facing = "user" | "environment";

const NOTHING_TO_DO = Promise.resolve();
const CAMERA: VideoCaptureOptions = { resolution: VideoPresets.h540.resolution, facingMode: "user" };

const NOTHING: DevicesState = {
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

export class LocalDevices {
  readonly #listeners = new Set<() => void>();
  #state: DevicesState = NOTHING;
  #camera: LocalVideoTrack | null = null;
  #microphone: LocalAudioTrack | null = null;
  readonly #wants = { camera: true, microphone: true };
  /** One thing at a time: two prompts, or a switch during a prompt, confuse browsers and people. */
  #work: Promise<void> = Promise.resolve();
  #watching = false;

  constructor() {
    withoutSilenceChecks();
  }

  get state(): DevicesState {
    return this.#state;
  }

  get cameraTrack(): LocalVideoTrack | null {
    return this.#camera;
  }

  get microphoneTrack(): LocalAudioTrack | null {
    return this.#microphone;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Ask for what is not there yet. Never rejects: `cameraError` and `microphoneError` tell. */
  open(kinds: { readonly camera: boolean; readonly microphone: boolean }): Promise<void> {
    return this.#then(async () => {
      this.#watch();
      if (kinds.microphone) await (this.#microphone === null ? this.#openMicrophone() : this.#revive(this.#microphone));
      if (kinds.camera && this.#wants.camera) await this.#openOrRevive("camera");
      await this.#list();
    });
  }

  /** Off means off at once: silence first, then whatever the library has to do. */
  setMicrophone(on: boolean): Promise<void> {
    this.#wants.microphone = on;
    if (!on && this.#microphone !== null) this.#microphone.mediaStreamTrack.enabled = false;
    return this.#then(() => this.#applyMute(this.#microphone, on));
  }

  /** Off turns the camera's light off; on asks for the camera (again). */
  setCamera(on: boolean): Promise<void> {
    this.#wants.camera = on;
    if (!on && this.#camera !== null) this.#camera.mediaStreamTrack.enabled = false;
    return this.#then(() => (on && this.#camera === null && this.#watching ? this.#openCamera() : this.#applyMute(this.#camera, on)));
  }

  switchCamera(id: string): Promise<void> {
    return this.#then(() => this.#switch(this.#camera, (camera) => camera.setDeviceId({ exact: id })));
  }

  switchMicrophone(id: string): Promise<void> {
    return this.#then(() => this.#switch(this.#microphone, (microphone) => microphone.setDeviceId({ exact: id })));
  }

  /** To the camera on the other side of a phone, if it is on. */
  turnCamera(): Promise<void> {
    return this.#then(() => {
      const facingMode = this.#state.facing === "environment" ? "user" : "environment";
      return this.#switch(this.#camera, (camera) => (camera.isMuted ? NOTHING_TO_DO : camera.restartTrack({ ...CAMERA, facingMode })));
    });
  }

  /** Turn everything off. It can be opened again. */
  close(): Promise<void> {
    return this.#then(() => {
      this.#camera?.stop();
      this.#microphone?.stop();
      this.#camera = this.#microphone = null;
      this.#unwatch();
      this.#set({ ...NOTHING, cameras: this.#state.cameras, microphones: this.#state.microphones });
      return Promise.resolve();
    });
  }

  async #openMicrophone(): Promise<void> {
    const track = await this.#acquire("microphone", () => createLocalAudioTrack());
    if (track === null) return;
    this.#microphone = track;
    this.#follow(track);
    if (!this.#wants.microphone) await track.mute();
    this.#show();
  }

  async #openCamera(): Promise<void> {
    const track = await this.#acquire("camera", () => createLocalVideoTrack(CAMERA));
    if (track === null) return;
    this.#camera = track;
    this.#follow(track);
    this.#show();
  }

  async #acquire<T>(kind: DeviceKind, make: () => Promise<T>): Promise<T | null> {
    const lost = this.#state[`${kind}Error`]?.problem === "unplugged";
    const failed = (problem: DeviceError["problem"]): null => {
      this.#fail(new DeviceError(kind, lost && problem === "missing" ? "unplugged" : problem));
      return null;
    };
    if (!hasDevices()) return failed("insecure");
    try {
      const track = await make();
      this.#set({ ...this.#state, [`${kind}Error`]: null });
      return track;
    } catch (error) {
      return failed(deviceProblem(error));
    }
  }

  /** A browser that froze the page, or took the device away, has ended the track; one that was lost is muted. */
  async #revive(track: OwnTrack): Promise<void> {
    const kind = this.#kindOf(track);
    if (!this.#wants[kind] || (!track.isMuted && track.mediaStreamTrack.readyState === "live")) return;
    await this.#acquire<unknown>(kind, () => (track.isMuted ? track.unmute() : track.restartTrack()));
    this.#show();
  }

  /**
   * Unplugged, or taken away by the system. Muted before the library acts (it would warn, and try once):
   * the partner sees that there is no picture instead of the last one, and unmuting takes the device again.
   */
  async #lost(track: OwnTrack): Promise<void> {
    const kind = this.#kindOf(track);
    if (track.isMuted || track !== this.#trackOf(kind)) return;
    await track.mute();
    this.#fail(new DeviceError(kind, "unplugged"));
    this.#show();
    await this.#revive(track);
  }

  /** Something was plugged in or out: perhaps what was missed is back. */
  async #lookAgain(): Promise<void> {
    await this.#list();
    await this.#seek("camera");
    await this.#seek("microphone");
  }

  /** What is pulled out can look busy until the list says that it is gone. */
  async #seek(kind: DeviceKind): Promise<void> {
    const problem = this.#state[`${kind}Error`]?.problem;
    if (problem !== "unplugged" && problem !== "missing" && problem !== "busy") return;
    if (this.#state[`${kind}s`].length > 0) await this.#openOrRevive(kind);
    else if (problem === "busy") this.#fail(new DeviceError(kind, "unplugged"));
  }

  async #openOrRevive(kind: DeviceKind): Promise<void> {
    const track = this.#trackOf(kind);
    if (track !== null) await this.#revive(track);
    else if (this.#wants[kind]) await (kind === "camera" ? this.#openCamera() : this.#openMicrophone());
  }

  #kindOf(track: OwnTrack): DeviceKind {
    return track === this.#camera ? "camera" : "microphone";
  }

  #trackOf(kind: DeviceKind): OwnTrack | null {
    return kind === "camera" ? this.#camera : this.#microphone;
  }

  async #applyMute(track: OwnTrack | null, on: boolean): Promise<void> {
    if (track === null) return;
    try {
      await (on ? track.unmute() : track.mute());
      if (on) this.#set({ ...this.#state, [`${this.#kindOf(track)}Error`]: null });
    } catch (error) {
      this.#fail(new DeviceError(this.#kindOf(track), deviceProblem(error)));
    }
    this.#show();
  }

  async #switch<T extends OwnTrack>(track: T | null, change: (track: T) => Promise<unknown>): Promise<void> {
    if (track === null) return;
    const kind = this.#kindOf(track);
    try {
      await change(track);
      if (track.isMuted && this.#wants[kind]) await track.unmute(); // the one before was lost
      this.#set({ ...this.#state, [`${kind}Error`]: null });
    } catch (error) {
      this.#fail(new DeviceError(kind, deviceProblem(error)));
    }
    this.#show();
  }

  /** After a restart the library has another `MediaStreamTrack` under the same local track. */
  #follow(track: OwnTrack): void {
    track.on(TrackEvent.Restarted, () => this.#show());
    track.on(TrackEvent.Ended, () => void this.#then(() => this.#lost(track)));
  }

  #fail(error: DeviceError): void {
    this.#set({ ...this.#state, [`${error.kind}Error`]: error });
  }

  #show(): void {
    const camera = this.#camera !== null && !this.#camera.isMuted ? this.#camera.mediaStreamTrack : null;
    const microphone = this.#microphone?.mediaStreamTrack ?? null;
    this.#set({
      ...this.#state,
      camera,
      microphone,
      cameraId: camera?.getSettings().deviceId ?? this.#state.cameraId,
      microphoneId: microphone?.getSettings().deviceId ?? this.#state.microphoneId,
      facing: camera === null ? this.#state.facing : facingOf(camera),
    });
  }

  async #list(): Promise<void> {
    if (!hasDevices()) return;
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const of = (kind: MediaDeviceKind): DeviceChoice[] =>
      all.filter((device) => device.kind === kind && device.deviceId !== "").map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.#set({ ...this.#state, cameras: of("videoinput"), microphones: of("audioinput") });
  }

  readonly #relist = (): void => void this.#then(() => this.#lookAgain());

  #watch(): void {
    if (this.#watching || !hasDevices()) return;
    this.#watching = true;
    listener()?.addEventListener("devicechange", this.#relist);
  }

  #unwatch(): void {
    if (!this.#watching) return;
    this.#watching = false;
    listener()?.removeEventListener("devicechange", this.#relist);
  }

  #then(run: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(run, run);
    return this.#work;
  }

  #set(state: DevicesState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener();
  }
}

/** `mediaDevices` is absent on insecure pages, whatever the type says. */
function hasDevices(): boolean {
  return typeof navigator !== "undefined" && "mediaDevices" in navigator;
}

/** React Native has devices, and tells nothing of them. */
function listener(): MediaDevices | null {
  return "addEventListener" in navigator.mediaDevices ? navigator.mediaDevices : null;
}

function facingOf(camera: MediaStreamTrack): Facing | null {
  const { facingMode } = camera.getSettings();
  return facingMode === "user" || facingMode === "environment" ? facingMode : null;
}
