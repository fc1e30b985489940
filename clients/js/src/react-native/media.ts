/**
 * Media over LiveKit on a phone: the rooms of the page, with the phone's audio session around them.
 *
 * The SDK goes its own way here: the fast start of the page is proved with browsers, and changes their connections.
 */
import type { Track } from "livekit-client";
import { DuologueError } from "../errors.js";
import type { Attempt, MediaPlatform } from "../media/platform.js";
import { LiveKitRooms, type LiveKitRoomsOptions } from "../media/rooms.js";
import { unlessAborted } from "../media/waiting.js";
import type { Credentials, Mode } from "../protocol.gen.js";
import type { AbortSignalLike } from "../session/abort.js";
import type { MediaEvents } from "../session/api.js";
import { onFirstDecoded } from "./first-picture.js";
import { Sound, type AudioSessionLike } from "./sound.js";

export interface ReactNativeMediaOptions extends LiveKitRoomsOptions {
  readonly audioSession: AudioSessionLike;
}

export class ReactNativeMedia extends LiveKitRooms {
  readonly #sound: Sound;

  /** Call `registerGlobals` of `@livekit/react-native` before: throws when there is no WebRTC. */
  constructor(options: ReactNativeMediaOptions) {
    if (typeof RTCPeerConnection === "undefined") throw new DuologueError("no WebRTC here: call registerGlobals() of @livekit/react-native first");
    super(options, PHONE);
    this.#sound = new Sound(options.audioSession);
  }

  override async join(credentials: Credentials, events: MediaEvents, signal: AbortSignalLike, mode: Mode): Promise<void> {
    await unlessAborted(this.#sound.start(), signal);
    await super.join(credentials, events, signal, mode);
  }

  override async leave(): Promise<void> {
    await super.leave();
    this.#sound.rest();
  }

  override async release(): Promise<void> {
    await super.release();
    await this.#sound.stop();
  }
}

const NOTHING = (): void => undefined;
const PLAIN: Attempt = { pictureWanted: NOTHING, pictureSubscribed: NOTHING, pictureSettled: NOTHING, tracksMissing: NOTHING, connectAnew: NOTHING, end: NOTHING };

const PHONE: MediaPlatform = {
  begin: () => PLAIN,
  onFirstPicture: (track: Track, seen) => onFirstDecoded(track, seen),
  isVisible: () => true,
  counts: () => ({}),
};
