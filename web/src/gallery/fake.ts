/** A scripted `RandomChat` and devices with drawn pictures. */
import type { RandomChat, RandomChatState, VideoCallState } from "@duologue/client";
import type { DeviceTrouble, PageDevices, PageDevicesState } from "../media";
import type { Calls } from "../use-calls";
import { lostOf, problemOf, type GalleryState } from "./states";

export class FakeChat implements RandomChat {
  readonly #listeners = new Set<() => void>();
  constructor(
    public state: RandomChatState,
    readonly remote: RandomChat["remote"],
  ) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  start(): void {
    this.#see({});
  }
  find(): void {
    this.#see({ phase: "searching", waiting: { attempt: 1, since: Date.now(), waitingCount: 1, estimateMs: null, widened: [], paused: null } });
  }
  next(): void {
    this.find();
  }
  stop(): void {
    this.#see({ phase: "start", pair: null, waiting: null, ended: null, chat: [] });
  }
  stay(): void {
    this.#see({ ended: this.state.ended === null ? null : { ...this.state.ended, nextAt: null } });
  }
  block(): void {
    this.stop();
  }
  report(): void {
    this.stop();
  }
  blocked(): void {
    // the state tells
  }
  unblock(block: string): void {
    const { blocked } = this.state;
    this.#see({ blocked: blocked === null ? null : { ...blocked, people: blocked.people?.filter((person) => person.block !== block) ?? null } });
  }
  back(): void {
    this.#see({ back: this.state.back === null ? null : { ...this.state.back, mine: true } });
  }
  setAutoNext(): void {
    // nobody is searched here
  }
  sendChat(text: string): void {
    this.#see({ chat: [...this.state.chat, { mine: true, n: this.state.chat.length, text, at: Date.now(), pending: false }] });
  }
  typing(): void {
    // nobody reads it here
  }
  setMicrophone(microphone: boolean): void {
    this.#see({ microphone });
  }
  setCamera(camera: boolean): void {
    this.#see({ camera });
  }
  setDataSaver(dataSaver: boolean): void {
    this.#see({ network: { ...this.state.network, dataSaver } });
  }
  setPictureSize(): void {
    // nobody sends another picture here
  }
  reconnectNow(): void {
    this.#see({ connection: { status: "online" } });
  }
  takeOver(): void {
    this.reconnectNow();
  }
  dismissNotice(): void {
    this.#see({ notice: null });
  }
  diagnostics(): never {
    throw new Error("nothing goes wrong here");
  }
  close(): Promise<void> {
    return Promise.resolve();
  }

  #see(change: Partial<RandomChatState>): void {
    this.state = { ...this.state, ...change };
    this.#listeners.forEach((listener) => listener());
  }
}

/** Calls in one state, of which nothing comes. */
export class FakeCalls implements Calls {
  constructor(readonly state: VideoCallState) {}

  subscribe(): () => void {
    return () => undefined;
  }
  readonly call = nothing;
  readonly accept = nothing;
  readonly decline = nothing;
  readonly hangUp = nothing;
  readonly link = nothing;
  readonly block = nothing;
  readonly report = nothing;
  readonly dismissEnded = nothing;
}

function nothing(): void {
  // nobody hears it here
}

export class FakeDevices implements PageDevices {
  readonly state: PageDevicesState;

  constructor(
    readonly name: GalleryState,
    camera: MediaStreamTrack | null,
    microphone: MediaStreamTrack | null,
  ) {
    const problem = problemOf(name);
    const lost = lostOf(name);
    const error = (kind: "camera" | "microphone"): DeviceTrouble | null => (lost === kind ? { kind, problem: "unplugged" } : problem === null || (problem === "missing" && kind === "microphone") ? null : { kind, problem });
    const off = name === "ask" || name === "text-start" || name === "text" || problem !== null;
    this.state = {
      camera: off || name === "voice" || name === "voice-start" || name === "camera-off" || lost === "camera" ? null : camera,
      microphone: off && problem !== "missing" ? null : microphone,
      cameraError: error("camera"),
      microphoneError: error("microphone"),
      cameras: off ? [] : [{ id: "camera", label: "FaceTime HD" }],
      microphones: off ? [] : [{ id: "microphone", label: "Built-in microphone" }],
      cameraId: off ? null : "camera",
      microphoneId: off ? null : "microphone",
      facing: null,
    };
  }

  subscribe(): () => void {
    return () => undefined;
  }
  openFor(): Promise<void> {
    return Promise.resolve();
  }
  switchCamera(): Promise<void> {
    return Promise.resolve();
  }
  switchMicrophone(): Promise<void> {
    return Promise.resolve();
  }
  meter(): Promise<{ level(): number; close(): Promise<void> }> {
    return Promise.resolve({ level: () => 0.62, close: () => Promise.resolve() });
  }
  watchMutedSpeech(_microphone: MediaStreamTrack, tell: (told: boolean) => void): Promise<() => void> {
    tell(this.name === "muted");
    return Promise.resolve(() => undefined);
  }
}

/** A drawing as a camera would give it. */
export async function drawn(url: string, width: number, height: number): Promise<MediaStreamTrack | null> {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const scale = Math.max(width / image.naturalWidth, height / image.naturalHeight);
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const draw = (): void => context?.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
  const stream = canvas.captureStream(5);
  draw();
  setInterval(draw, 200); // a stream of a canvas that does not change shows nothing
  return stream.getVideoTracks()[0] ?? null;
}

/** Silence with a track. */
export function silence(): MediaStreamTrack | null {
  return new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0] ?? null;
}
