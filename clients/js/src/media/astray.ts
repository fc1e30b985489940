/**
 * Whether what comes of the partner goes where nobody hears or sees it.
 *
 * LiveKit sends a new track as soon as it has written its answer. Firefox gives packets that come before it has read
 * that answer to a section that was there before, and leaves them there: after a reload of the partner their sound or
 * picture would stay away, while the library and the browser say that it is here. Only another connection helps.
 */
import type { Totals } from "./quality.js";

/** Once may be just after a change. */
const TOLERATED = 1;
/** One after the other: where it does not help, it shall not go on for ever. */
export const MOST_TIMES = 3;

type Track = Pick<MediaStreamTrack, "kind" | "id">;

/** `awaited`: what should be heard and seen. Nothing ever came for it, and something did for another of its kind. */
export function isAstray({ tracks }: Totals, awaited: readonly Track[]): boolean {
  const heardOf = tracks.filter(({ packets }) => packets > 0);
  return awaited.some(({ kind, id }) => heardOf.every((each) => each.id !== id) && heardOf.some((each) => each.kind === kind));
}

/** To be told of all totals of one room: calls `connectAnew` when they were astray twice in a row. */
export function watchAstray(connectAnew: () => void): (...seen: Parameters<typeof isAstray>) => void {
  let [looks, times] = [0, 0];
  return (...seen) => {
    if (!isAstray(...seen)) [looks, times] = [0, 0];
    else if (++looks > TOLERATED && times < MOST_TIMES) {
      [looks, times] = [0, times + 1];
      connectAnew();
    }
  };
}
