/**
 * The media library does not listen for silence.
 *
 * Left to itself, it (livekit-client 2.23) opens an `AudioContext` for every microphone that it makes or publishes,
 * which is one a match, to tell whether anything is heard. Nobody here wants to know, and in Firefox a press
 * just while such a context closes is a warning: "Error trying to auto-resume audio context".
 */
import { LocalAudioTrack } from "livekit-client";

/** From now on, for tracks of before too. Again does no harm. */
export function withoutSilenceChecks(): void {
  LocalAudioTrack.prototype.checkForSilence = () => Promise.resolve(false);
}
