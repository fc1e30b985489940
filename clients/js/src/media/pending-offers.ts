/**
 * Calls off an offer whose connection closes before it is made.
 *
 * The library waits 20 ms before it makes an offer (`debounceInterval` in its PCTransport.ts) and does not
 * stop waiting when the connection is closed meanwhile: by us, or because the server ended the room. The
 * offer then hits a closed connection ("could not createOffer with closed peer connection"). Its timers
 * are replaceable, so the one in question is found here by its length; if the length ever changes, nothing
 * is called off and the warning is back, which the tests in real browsers would show.
 */
import { CriticalTimers } from "livekit-client";
import type { Ledger } from "./ledger.js";

export const OFFER_DELAY_MS = 20;

type Timer = ReturnType<typeof setTimeout>;
/** The two of the library's timers that matter here, as it calls them. */
export interface Timers {
  setTimeout: (run: () => void, delayMs?: number) => Timer;
  clearTimeout: (timer?: Timer) => void;
}

const guarded = new WeakSet<object>();

/** Watch the library's timers, once; an offer belongs to the connection that was the newest when it was asked for. */
export function callOffLateOffers(ledger: Ledger, timers: Timers = CriticalTimers): void {
  if (guarded.has(timers)) return;
  guarded.add(timers);
  const pending = new Map<Timer, RTCPeerConnection>();
  const { setTimeout: start, clearTimeout: stop } = timers;
  timers.setTimeout = (run, delayMs) => {
    const connection = delayMs === OFFER_DELAY_MS ? ledger.newest() : null;
    if (connection === null) return start(run, delayMs);
    const timer = start(() => {
      pending.delete(timer);
      run();
    }, delayMs);
    pending.set(timer, connection);
    return timer;
  };
  timers.clearTimeout = (timer) => {
    if (timer !== undefined) pending.delete(timer);
    stop(timer);
  };
  ledger.onClosing((connection) => {
    for (const [timer, owner] of pending) if (owner === connection) timers.clearTimeout(timer);
  });
}
