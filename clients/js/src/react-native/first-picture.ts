/** When the first picture of a track was decoded: no event of a phone tells, so the decoder's count is looked at. */
import type { Track } from "livekit-client";

export const LOOK_MS = 100;

interface Counting {
  getReceiverStats(): Promise<{ readonly framesDecoded?: number } | undefined>;
}

/** Calls `seen` at most once; returns how to stop looking. */
export function onFirstDecoded(track: Track, seen: () => void): () => void {
  if (!isCounting(track)) return () => undefined;
  let [looking, stopped] = [false, false];
  const stop = (): void => {
    stopped = true;
    clearInterval(timer);
  };
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const stats = await track.getReceiverStats().catch(() => undefined); // its connection was closed meanwhile
    looking = false;
    if (stopped || (stats?.framesDecoded ?? 0) === 0) return;
    stop();
    seen();
  };
  const timer = setInterval(() => void look(), LOOK_MS);
  return stop;
}

function isCounting<T>(track: T): track is T & Counting {
  return "getReceiverStats" in Object(track);
}
