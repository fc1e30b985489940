import { RoomEvent, Track } from "livekit-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { LocalDevices } from "../media/devices.js";
import { installLedger } from "../media/ledger.js";
import type { Mode } from "../protocol.gen.js";
import { Abort } from "../session/abort.js";
import type { MediaEvents } from "../session/api.js";
import { credentials } from "../testing/fake-server.js";
import { PARTNER, PhoneAudio, PhoneConnection, PhoneRoom, RemotePhoneTrack, type PhoneHost } from "../testing/fake-phone.js";
import { ReactNativeMedia } from "./media.js";
import { LINGER_MS } from "./sound.js";

vi.mock("livekit-client", async (original) => {
  const { PhoneRoom, PhoneTrack } = await import("../testing/fake-phone.js");
  const make = (kind: "video" | "audio") => () => Promise.resolve(new PhoneTrack(kind));
  return { ...(await original<object>()), Room: PhoneRoom, createLocalVideoTrack: make("video"), createLocalAudioTrack: make("audio") };
});

beforeEach(() => {
  vi.useFakeTimers();
  PhoneRoom.made = [];
  PhoneRoom.host = { RTCPeerConnection: PhoneConnection as unknown as PhoneHost["RTCPeerConnection"] };
  vi.stubGlobal("RTCPeerConnection", PhoneConnection);
  vi.stubGlobal("navigator", { mediaDevices: { enumerateDevices: () => Promise.resolve([]) } });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** What a session was told, in one word each. */
class Told implements MediaEvents {
  readonly log: string[] = [];
  remoteNow: Parameters<MediaEvents["remote"]>[0] = { video: null, audio: null };
  connected = (): void => void this.log.push("connected");
  reconnecting = (): void => void this.log.push("reconnecting");
  failed = (detail: string): void => void this.log.push(`failed ${detail}`);
  firstFrame = (): void => void this.log.push("first frame");
  remote = (tracks: Told["remoteNow"]): void => void (this.remoteNow = tracks);
}

class Phone {
  readonly audio = new PhoneAudio();
  readonly devices = new LocalDevices();
  readonly media = new ReactNativeMedia({ devices: this.devices, audioSession: this.audio, ledger: installLedger(PhoneRoom.host) });
  readonly told = new Told();
  readonly abort = new Abort();

  /** Up to the connect, which waits. */
  async begin(mode: Mode = "video"): Promise<{ readonly joining: Promise<void> }> {
    const joining = this.media.join(credentials("a"), this.told, this.abort, mode);
    joining.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(0);
    return { joining };
  }

  async join(mode: Mode = "video"): Promise<PhoneRoom> {
    const { joining } = await this.begin(mode);
    PhoneRoom.last.comesUp();
    await joining;
    return PhoneRoom.last;
  }
}

describe("a join", () => {
  it("turns the audio session on first, and publishes when the signalling is up", async () => {
    const phone = new Phone();
    const { joining } = await phone.begin();
    expect(phone.audio.log).toEqual(["start"]);
    expect(PhoneRoom.last.published).toEqual([]);
    PhoneRoom.last.comesUp();
    await joining;
    expect(PhoneRoom.last.published).toEqual([phone.devices.microphoneTrack, phone.devices.cameraTrack]);
  });

  it("in voice takes no camera", async () => {
    const phone = new Phone();
    const room = await phone.join("voice");
    expect(room.published).toEqual([phone.devices.microphoneTrack]);
    expect(phone.devices.cameraTrack).toBeNull();
  });

  it("is over at once when it is called off, also while the audio session starts", async () => {
    const phone = new Phone();
    phone.audio.startAudioSession = () => new Promise<void>(() => undefined);
    const { joining } = await phone.begin();
    phone.abort.abort(new Error("superseded"));
    await expect(joining).rejects.toThrow("aborted");
    expect(PhoneRoom.made).toEqual([]);
  });

  it("fails where the phone gives no sound", async () => {
    const phone = new Phone();
    phone.audio.refuses = true;
    await expect((await phone.begin()).joining).rejects.toThrow("in a call");
  });

  it("that is left while it is under way stops, and leaves nothing", async () => {
    const phone = new Phone();
    const { joining } = await phone.begin();
    const room = PhoneRoom.last;
    phone.abort.abort(new Error("superseded"));
    await expect(joining).rejects.toThrow("cancelled");
    await phone.media.leave();
    expect(room.listeners).toBe(0);
    expect(phone.media.ledger).toEqual({ built: 1, live: 0, swept: 1 });
  });

  it("that failed leaves nothing: not a connection, nor a listener, a timer, or the room", async () => {
    const phone = new Phone();
    const { joining } = await phone.begin();
    const room = PhoneRoom.last;
    room.fails(new Error("refused"));
    await expect(joining).rejects.toThrow("refused");
    await phone.media.leave();
    expect(phone.media.ledger).toEqual({ built: 1, live: 0, swept: 1 });
    expect(room.listeners).toBe(0);
    expect(phone.media.inspect().room).toBe("none");

    await phone.join();
    expect(PhoneRoom.last).not.toBe(room);
  });
});

describe("in a talk", () => {
  it("a reconnect is told, and its end", async () => {
    const phone = new Phone();
    const room = await phone.join();
    room.emit(RoomEvent.SignalReconnecting);
    room.emit(RoomEvent.Reconnected);
    expect(phone.told.log).toEqual(["reconnecting", "connected"]);
  });

  it("a room that ends by itself is a failure", async () => {
    const phone = new Phone();
    (await phone.join()).emit(RoomEvent.Disconnected);
    expect(phone.told.log).toEqual(["failed disconnected UNKNOWN_REASON"]);
  });

  it("the partner's tracks are told, and the first picture when it is decoded", async () => {
    const phone = new Phone();
    const room = await phone.join();
    const picture = new RemotePhoneTrack(Track.Kind.Video);
    room.emit(RoomEvent.TrackSubscribed, picture, { isMuted: false }, PARTNER);
    expect(phone.told.remoteNow.video).toBe(picture.mediaStreamTrack);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(phone.told.log).toEqual([]);
    picture.framesDecoded = 1;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(phone.told.log).toEqual(["first frame"]);
  });

  it("tracks of anybody else are not taken", async () => {
    const phone = new Phone();
    const room = await phone.join();
    const setSubscribed = vi.fn();
    room.emit(RoomEvent.TrackSubscribed, new RemotePhoneTrack(Track.Kind.Video), { setSubscribed }, { identity: "stranger" });
    expect(setSubscribed).toHaveBeenCalledWith(false);
    expect(phone.told.remoteNow.video).toBeNull();
  });

  it("a camera that is switched on only now is published", async () => {
    const phone = new Phone();
    await phone.devices.setCamera(false);
    const room = await phone.join();
    expect(room.published).toEqual([phone.devices.microphoneTrack]);
    await phone.media.setCamera(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(room.published).toEqual([phone.devices.microphoneTrack, phone.devices.cameraTrack]);
  });
});

describe("a leave", () => {
  it("hears nothing any more, and keeps the tracks and the room for the next talk", async () => {
    const phone = new Phone();
    const room = await phone.join();
    const { cameraTrack } = phone.devices;
    await phone.media.leave();
    expect(room.listeners).toBe(0);
    room.emit(RoomEvent.Disconnected);
    expect(phone.told.log).toEqual([]);

    expect(await phone.join()).toBe(room);
    expect(phone.devices.cameraTrack).toBe(cameraTrack);
    expect(phone.media.ledger).toEqual({ built: 2, live: 1, swept: 1 });
  });

  it("keeps the audio session on for a moment, in which the next talk may begin", async () => {
    const phone = new Phone();
    await phone.join();
    await phone.media.leave();
    await vi.advanceTimersByTimeAsync(LINGER_MS - 1);
    await phone.join();
    await vi.advanceTimersByTimeAsync(LINGER_MS);
    expect(phone.audio.log).toEqual(["start"]);

    await phone.media.leave();
    await vi.advanceTimersByTimeAsync(LINGER_MS);
    expect(phone.audio.log).toEqual(["start", "stop"]);
  });

  it("for good turns off everything at once", async () => {
    const phone = new Phone();
    const room = await phone.join();
    await phone.media.release();
    expect(phone.audio.log).toEqual(["start", "stop"]);
    expect([phone.devices.cameraTrack, phone.devices.microphoneTrack]).toEqual([null, null]);
    expect([room.listeners, phone.media.ledger.live, vi.getTimerCount()]).toEqual([0, 0, 0]);
  });
});

it("says what to do where WebRTC is missing", () => {
  vi.stubGlobal("RTCPeerConnection", undefined);
  expect(() => new Phone()).toThrow("call registerGlobals() of @livekit/react-native first");
});
