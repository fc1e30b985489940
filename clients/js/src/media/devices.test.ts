import { TrackEvent } from "livekit-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalDevices } from "./devices.js";

/** What the browser has, and what it says when asked for a device. */
const browser = { cameras: 1, microphones: 1, refuses: null as string | null };
let mediaDevices = new EventTarget();

function ask(kind: "camera" | "microphone"): Promise<void> {
  if (browser.refuses !== null) return Promise.reject(new DOMException("", browser.refuses));
  return browser[`${kind}s`] === 0 ? Promise.reject(new DOMException("", "NotFoundError")) : Promise.resolve();
}

/** As the library's local tracks: unmuting a camera, or one that ended, takes the device again. */
class LocalTrack {
  readonly #listeners = new Map<string, () => void>();
  isMuted = false;
  #facingMode = "user";
  mediaStreamTrack = { readyState: "live", enabled: true, getSettings: () => ({ deviceId: this.kind, facingMode: this.#facingMode }) };
  constructor(readonly kind: "camera" | "microphone") {}
  on(event: string, listener: () => void): void {
    this.#listeners.set(event, listener);
  }
  emit(event: string): void {
    this.#listeners.get(event)?.();
  }
  mute(): Promise<this> {
    this.isMuted = true;
    return Promise.resolve(this);
  }
  async unmute(): Promise<this> {
    await this.restartTrack();
    this.isMuted = false;
    return this;
  }
  async restartTrack({ facingMode = this.#facingMode } = {}): Promise<void> {
    await ask(this.kind);
    this.#facingMode = facingMode;
    this.mediaStreamTrack = { ...this.mediaStreamTrack, readyState: "live" };
  }
  setDeviceId(): Promise<boolean> {
    return this.restartTrack().then(() => true);
  }
  stop(): void {
    this.mediaStreamTrack.readyState = "ended";
  }
  unplug(): void {
    browser[`${this.kind}s`] = 0;
    this.mediaStreamTrack.readyState = "ended";
    this.emit(TrackEvent.Ended);
  }
}

vi.mock("livekit-client", async (original) => {
  const make = (kind: "camera" | "microphone") => () => ask(kind).then(() => new LocalTrack(kind));
  return { ...(await original<object>()), createLocalVideoTrack: make("camera"), createLocalAudioTrack: make("microphone") };
});

function plugIn(kind: "camera" | "microphone"): void {
  browser[`${kind}s`] = 1;
  mediaDevices.dispatchEvent(new Event("devicechange"));
}

async function opened(): Promise<LocalDevices> {
  const devices = new LocalDevices();
  await devices.open({ camera: true, microphone: true });
  return devices;
}

const trackOf = (devices: LocalDevices, kind: "camera" | "microphone"): LocalTrack => devices[`${kind}Track`] as unknown as LocalTrack;
const problems = ({ state }: LocalDevices): (string | undefined)[] => [state.cameraError?.problem, state.microphoneError?.problem];

beforeEach(() => {
  Object.assign(browser, { cameras: 1, microphones: 1, refuses: null });
  const list = (kind: string, count: number) => Array.from({ length: count }, (_, n) => ({ kind, deviceId: `${kind}${n}`, label: "" }));
  mediaDevices = Object.assign(new EventTarget(), {
    enumerateDevices: () => Promise.resolve([...list("videoinput", browser.cameras), ...list("audioinput", browser.microphones)]),
  });
  vi.stubGlobal("navigator", { mediaDevices });
});
afterEach(() => void vi.unstubAllGlobals());

describe("a device that cannot be had", () => {
  it.each([
    ["NotAllowedError", "denied"],
    ["NotReadableError", "busy"],
  ])("says why: %s means %s", async (name, problem) => {
    browser.refuses = name;
    expect(problems(await opened())).toEqual([problem, problem]);
  });

  it("is told of for each kind alone, and does not keep the other one", async () => {
    browser.cameras = 0;
    const devices = await opened();
    expect(problems(devices)).toEqual(["missing", undefined]);
    expect([devices.state.camera, devices.microphoneTrack]).toEqual([null, expect.anything()]);
  });

  it("is not there on a page that is not secure", async () => {
    vi.stubGlobal("navigator", {});
    expect(problems(await opened())).toEqual(["insecure", "insecure"]);
  });

  it("is taken when it is plugged in later", async () => {
    browser.cameras = 0;
    const devices = await opened();
    plugIn("camera");
    await vi.waitFor(() => expect(devices.state.camera).not.toBeNull());
    expect(problems(devices)).toEqual([undefined, undefined]);
  });

  it("is not asked for again by what was plugged in when it was denied", async () => {
    browser.refuses = "NotAllowedError";
    const devices = await opened();
    browser.refuses = null;
    plugIn("camera");
    await devices.switchCamera("none"); // waits for all that was under way
    expect(problems(devices)).toEqual(["denied", "denied"]);
  });
});

describe.each(["camera", "microphone"] as const)("a %s that is unplugged", (kind) => {
  it("is muted, told of, and taken again when it is back", async () => {
    const devices = await opened();
    trackOf(devices, kind).unplug();
    await vi.waitFor(() => expect(devices.state[`${kind}Error`]?.problem).toBe("unplugged"));
    expect(trackOf(devices, kind).isMuted).toBe(true);

    plugIn(kind);
    await vi.waitFor(() => expect(devices.state[`${kind}Error`]).toBeNull());
    expect(trackOf(devices, kind)).toMatchObject({ isMuted: false, mediaStreamTrack: { readyState: "live" } });
  });

  it("may look busy while it goes", async () => {
    const devices = await opened();
    browser.refuses = "NotReadableError";
    trackOf(devices, kind).unplug();
    await vi.waitFor(() => expect(devices.state[`${kind}Error`]?.problem).toBe("busy"));

    browser.refuses = null;
    mediaDevices.dispatchEvent(new Event("devicechange"));
    await vi.waitFor(() => expect(devices.state[`${kind}Error`]?.problem).toBe("unplugged"));
    plugIn(kind);
    await vi.waitFor(() => expect(problems(devices)).toEqual([undefined, undefined]));
  });

  it("gives way to another one at once", async () => {
    const devices = await opened();
    const track = trackOf(devices, kind);
    track.mediaStreamTrack.readyState = "ended";
    track.emit(TrackEvent.Ended);
    await vi.waitFor(() => expect(track.mediaStreamTrack.readyState).toBe("live"));
    await vi.waitFor(() => expect(problems(devices)).toEqual([undefined, undefined]));
    expect(track.isMuted).toBe(false);
  });

  it("stays off when the person had switched it off", async () => {
    const devices = await opened();
    await (kind === "camera" ? devices.setCamera(false) : devices.setMicrophone(false));
    trackOf(devices, kind).unplug();
    plugIn(kind);
    await devices.open({ camera: true, microphone: true });
    expect(trackOf(devices, kind).isMuted).toBe(true);
    expect(problems(devices)).toEqual([undefined, undefined]);
  });

  it("can be replaced by a choice", async () => {
    const devices = await opened();
    trackOf(devices, kind).unplug();
    await vi.waitFor(() => expect(devices.state[`${kind}Error`]).not.toBeNull());
    browser[`${kind}s`] = 1;
    await (kind === "camera" ? devices.switchCamera("other") : devices.switchMicrophone("other"));
    expect(trackOf(devices, kind).isMuted).toBe(false);
    expect(devices.state[`${kind}Error`]).toBeNull();
  });
});

describe("on a phone", () => {
  it("the camera is turned to the other side and back", async () => {
    const devices = await opened();
    const before = devices.state.camera;
    await devices.turnCamera();
    expect(devices.state.facing).toBe("environment");
    expect(devices.state.camera).not.toBe(before);
    await devices.turnCamera();
    expect(devices.state.facing).toBe("user");
  });

  it("a camera that is off stays off", async () => {
    const devices = await opened();
    await devices.setCamera(false);
    const before = trackOf(devices, "camera").mediaStreamTrack;
    await devices.turnCamera();
    expect(trackOf(devices, "camera")).toMatchObject({ isMuted: true, mediaStreamTrack: before });
  });

  it("a camera that cannot be turned is told of", async () => {
    const devices = await opened();
    browser.refuses = "NotReadableError";
    await devices.turnCamera();
    expect(problems(devices)).toEqual(["busy", undefined]);
  });

  it("devices are had where nothing is told of them, as in React Native", async () => {
    const { mediaDevices: all } = navigator;
    vi.stubGlobal("navigator", { mediaDevices: { enumerateDevices: () => all.enumerateDevices() } });
    const devices = await opened();
    expect(devices.state).toMatchObject({ camera: {}, microphone: {}, cameras: [{}] });
    await devices.close();
    expect(devices.state.camera).toBeNull();
  });
});
