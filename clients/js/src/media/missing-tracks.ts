/**
 * Whether what the server announced of the partner is here.
 *
 * A connection that is up and brings nothing looks like any other to the library and to the browser. Two people
 * must not sit before it: the tracks are asked for once more, and if that does not help the talk is over.
 */

export const LOOK_MS = 500;
/** After 2 s: LiveKit asks for an offer within 150 ms, and the rest is a round trip. */
export const LOOKS_TO_ASK = 4;
/** 5 s after that. */
export const LOOKS_TO_FAIL = 14;

/** Of a publication of the library, what matters here. */
export interface Announced {
  readonly isMuted: boolean;
  readonly isDesired: boolean;
  readonly track?: unknown;
}

/** How many should be here and are not; one that is muted is missed by nobody. */
export function countMissing(announced: Iterable<Announced>): number {
  return [...announced].filter(({ isMuted, isDesired, track }) => isDesired && !isMuted && track === undefined).length;
}

/** `look` tells how many are missing. Calls `ask` when some have been for 2 s, `fail` once for 7 s; returns how to stop. */
export function watchTracks(look: () => number, ask: () => void, fail: (detail: string) => void): () => void {
  let looks = 0;
  const stop = (): void => clearInterval(timer);
  const count = (): void => {
    const missing = look();
    looks = missing === 0 ? 0 : looks + 1;
    if (looks === LOOKS_TO_ASK) ask();
    if (looks < LOOKS_TO_FAIL) return;
    stop();
    fail(`tracks missing ${missing}`);
  };
  const timer = setInterval(count, LOOK_MS);
  return stop;
}
