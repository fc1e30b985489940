/** What the rooms need of a page or a phone, beside LiveKit's SDK and the globals of WebRTC. */
import type { Track } from "livekit-client";

export interface MediaPlatform {
  /** A join begins. `expectedTracks`: of the partner. */
  begin(expectedTracks: number): Attempt;
  /** Calls `seen` at most once, when the first picture of a track is here; returns how to stop waiting. */
  onFirstPicture(track: Track, seen: () => void): () => void;
  /** Whether anybody sees a picture that comes now. */
  isVisible(): boolean;
  /** For `inspect`. */
  counts(): Readonly<Record<string, number>>;
}

/** One join, told what happens in it: a page may do something for the picture to come sooner (`fast-start/`). */
export interface Attempt {
  /** The partner's side subscribed to our picture. */
  pictureWanted(sender: RTCRtpSender): void;
  /** We subscribed to the partner's picture. */
  pictureSubscribed(): void;
  /** It is here, or there will be none. */
  pictureSettled(): void;
  /** Tracks of the partner are announced, and have not come for a while. */
  tracksMissing(): void;
  /** What the partner sends does not reach its tracks: only another connection helps. */
  connectAnew(): void;
  end(): void;
}
