/**
 * Which parts of the fast start are on, and how often each one did its work.
 *
 * Counting is the point: a part that silently stops working after an upgrade of the SDK costs a tenth of a
 * second that nobody would notice in a test.
 */
export interface FastStartParts {
  /** Offer what a pair needs: VP8 and opus, one section to receive of each kind. */
  readonly slimOffers: boolean;
  /** Offer again as soon as the partner's tracks are allowed, instead of when the server's debounce (150 ms) ends. */
  readonly earlyOffer: boolean;
  /** Start the encoder where a camera's first picture fits, not at the browser's 300 kbit/s, and in every section of the answer. */
  readonly startBitrate: boolean;
  /** Give the partner whole pictures just after they subscribed: the first one is often lost on its way. */
  readonly keyframes: boolean;
}

/** What happened since the page was opened. */
export interface FastStartCounts {
  /** Connections whose offers were slim. */
  readonly slimOffers: number;
  /** Offers made before the server asked for them. */
  readonly earlyOffers: number;
  /** Requests of the server that an early offer had already answered. */
  readonly withheld: number;
  /** Answers that got a start bitrate. */
  readonly startBitrates: number;
  /** Keyframes that the browser agreed to make. */
  readonly keyframes: number;
  /** A part that this browser lacks or refused: the SDK's own way was taken instead. */
  readonly misfires: number;
  /** No picture in time though one was due: the SDK's own way was taken, also for the next join. */
  readonly fallbacks: number;
}

export type MutableCounts = { -readonly [Name in keyof FastStartCounts]: number };

export const ALL_PARTS: FastStartParts = { slimOffers: true, earlyOffer: true, startBitrate: true, keyframes: true };
export const NO_PARTS: FastStartParts = { slimOffers: false, earlyOffer: false, startBitrate: false, keyframes: false };

export function noCounts(): MutableCounts {
  return { slimOffers: 0, earlyOffers: 0, withheld: 0, startBitrates: 0, keyframes: 0, misfires: 0, fallbacks: 0 };
}
