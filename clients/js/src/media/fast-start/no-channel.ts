/**
 * A data channel that never opens, in the place of one that nobody uses.
 *
 * The SDK makes three for every room. Duologue's text goes over its own socket, and its tokens allow no data, so
 * they would carry nothing. But LiveKit (1.13) starts to take tracks of a later offer only when the channels of the
 * first one are agreed on. To send on this one fails as on any channel that is not open.
 */
export class NoChannel extends EventTarget {
  readonly id = null;
  readonly bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  readyState: RTCDataChannelState = "connecting";

  constructor(readonly label: string) {
    super();
  }

  send(): never {
    throw new DOMException("there are no data channels", "InvalidStateError");
  }

  close(): void {
    this.readyState = "closed";
  }
}
