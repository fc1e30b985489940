/** Media over LiveKit in a browser. */
import type { Track } from "livekit-client";
import { FastStart, type FastStartCounts, type FastStartParts } from "./fast-start/index.js";
import { onFirstFrame } from "./first-frame.js";
import { installLedger } from "./ledger.js";
import type { Attempt, MediaPlatform } from "./platform.js";
import { LiveKitRooms, type LiveKitRoomsOptions } from "./rooms.js";

export interface LiveKitMediaOptions extends LiveKitRoomsOptions {
  /** Default: all parts on; `false`: the SDK's own way. */
  readonly fastStart?: Partial<FastStartParts> | false;
}

export class LiveKitMedia extends LiveKitRooms {
  readonly #fastStart: FastStart;

  constructor(options: LiveKitMediaOptions) {
    const ledger = options.ledger ?? installLedger(); // before the fast start, which builds on its connections
    const fastStart = new FastStart(options.fastStart);
    super({ ...options, ledger }, new Page(fastStart));
    this.#fastStart = fastStart;
  }

  /** How often each part of the fast start worked, since this was made. */
  get fastStartCounts(): FastStartCounts {
    return this.#fastStart.counts;
  }
}

class Page implements MediaPlatform {
  readonly #fastStart: FastStart;

  constructor(fastStart: FastStart) {
    this.#fastStart = fastStart;
  }

  begin(expectedTracks: number): Attempt {
    return this.#fastStart.begin(expectedTracks);
  }

  onFirstPicture(track: Track, seen: () => void): () => void {
    return onFirstFrame(track.mediaStreamTrack, seen);
  }

  isVisible(): boolean {
    return document.visibilityState === "visible";
  }

  counts(): Record<string, number> {
    const { latePictures: late_pictures, missingTracks: missing_tracks } = this.#fastStart.counts;
    return { late_pictures, missing_tracks };
  }
}
