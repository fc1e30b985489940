/**
 * Which parts of the fast start are on, and how often each one did its work.
 *
 * Counting is the point: a part that silently stops working after an upgrade of the SDK costs a tenth of a
 * second that nobody would notice in a test.
 */
export interface FastStartParts {
  /** Offer what a pair needs: VP8 and opus, one section to receive of each kind. */
  readonly slimOffers: boolean;
  /** No data channels: LiveKit takes no track before they are agreed on, a round trip later. */
  readonly mediaOnly: boolean;
  /** Nominate with the first check that is sent, also towards a server with ICE Lite: a round trip less. */
  readonly nominateFirst: boolean;
  /** Offer again when connected, and as soon as the partner's tracks are allowed, instead of when the server asks. */
  readonly earlyOffer: boolean;
  /** Start the encoder where a camera's first picture fits, not at the browser's 300 kbit/s, and in every section of the answer. */
  readonly startBitrate: boolean;
  /** Whole pictures, unasked, when the partner is about to watch and just after they subscribed: being asked takes a round trip. */
  readonly keyframes: boolean;
  /** Leave the old room without waiting until the server closes the socket too: a round trip before the next join. */
  readonly quickLeave: boolean;
}

/** What happened since the page was opened. */
export interface FastStartCounts {
  /** Connections whose offers were slim. */
  readonly slimOffers: number;
  /** Data channels that were not made. */
  readonly channelsSpared: number;
  /** Answers of a server with ICE Lite. */
  readonly nominations: number;
  /** Offers made before the server asked for them. */
  readonly earlyOffers: number;
  /** Requests of the server that an early offer had already answered. */
  readonly withheld: number;
  /** Answers that got a start bitrate. */
  readonly startBitrates: number;
  /** Keyframes that the browser agreed to make. */
  readonly keyframes: number;
  /** Sockets that nobody waited for. */
  readonly quickLeaves: number;
  /** A part that this browser lacks or refused: the SDK's own way was taken instead. */
  readonly misfires: number;
  /** No picture of a track that was here: the SDK's own way was taken, also for the next join. */
  readonly latePictures: number;
  /** Tracks of the partner that were announced did not come: likewise. */
  readonly missingTracks: number;
}

export type MutableCounts = { -readonly [Name in keyof FastStartCounts]: number };

export const ALL_PARTS: FastStartParts = {
  slimOffers: true,
  mediaOnly: true,
  nominateFirst: true,
  earlyOffer: true,
  startBitrate: true,
  keyframes: true,
  quickLeave: true,
};
export const NO_PARTS: FastStartParts = {
  slimOffers: false,
  mediaOnly: false,
  nominateFirst: false,
  earlyOffer: false,
  startBitrate: false,
  keyframes: false,
  quickLeave: false,
};

export function noCounts(): MutableCounts {
  return {
    slimOffers: 0,
    channelsSpared: 0,
    nominations: 0,
    earlyOffers: 0,
    withheld: 0,
    startBitrates: 0,
    keyframes: 0,
    quickLeaves: 0,
    misfires: 0,
    latePictures: 0,
    missingTracks: 0,
  };
}
