/**
 * The media library's timers end with what they belong to.
 *
 * Left to itself, the library (livekit-client 2.23) keeps timers that outlive their connection:
 *
 * - it waits 20 ms before it makes an offer (`debounceInterval` in PCTransport.ts) and does not stop waiting
 *   when the connection closes meanwhile, by us or because the server ended the room: "could not createOffer
 *   with closed peer connection";
 * - every 4 s it compares the states of room and connection (Room.ts), also while it is closing, and for ever
 *   after an aborted connect: "detected connection state mismatch";
 * - an aborted or failed connect leaves its ping timers and a 50 ms poll behind: "ping timeout triggered".
 *
 * Its timers can be replaced (`CriticalTimers`), so each is noted here with the connection that was the
 * newest when it was set. Offers are told by their delay: should that ever change, they are not called off
 * and the warning is back, which the tests in real browsers show.
 */
import { CriticalTimers } from "livekit-client";
import type { Ledger } from "./ledger.js";

export const OFFER_DELAY_MS = 20;

type Timer = ReturnType<typeof setTimeout>;

/** The library's timers, as it calls them. */
export interface Timers {
  setTimeout: (run: () => void, delayMs?: number) => Timer;
  clearTimeout: (timer?: Timer) => void;
  setInterval: (run: () => void, delayMs?: number) => Timer;
  clearInterval: (timer?: Timer) => void;
}

export interface LibraryTimers {
  /** Stop everything. Call it only when no room is wanted. */
  sweep(): void;
}

interface Entry {
  readonly connection: RTCPeerConnection | null;
  /** Means nothing without its connection; other timers have somebody who waits for them. */
  readonly endsWithConnection: boolean;
  readonly stop: (timer: Timer) => void;
}

const watched = new WeakMap<object, LibraryTimers>();

/** Watch the library's timers, once; later calls give the same. */
export function watchLibraryTimers(ledger: Ledger, timers: Timers = CriticalTimers): LibraryTimers {
  const known = watched.get(timers);
  if (known !== undefined) return known;
  const running = new Map<Timer, Entry>();
  replaceTimeouts(timers, running, ledger);
  replaceIntervals(timers, running, ledger);
  ledger.onClosing((connection) => end(running, (entry) => entry.endsWithConnection && entry.connection === connection));
  const library = { sweep: () => end(running, () => true) };
  watched.set(timers, library);
  return library;
}

function end(running: Map<Timer, Entry>, which: (entry: Entry) => boolean): void {
  for (const [timer, entry] of running) {
    if (!which(entry)) continue;
    running.delete(timer);
    entry.stop(timer);
  }
}

function replaceTimeouts(timers: Timers, running: Map<Timer, Entry>, ledger: Ledger): void {
  const { setTimeout: start, clearTimeout: stop } = timers;
  timers.setTimeout = (run, delayMs) => {
    const once = (): void => {
      running.delete(timer);
      run();
    };
    const timer = start(once, delayMs);
    running.set(timer, { connection: ledger.newest(), endsWithConnection: delayMs === OFFER_DELAY_MS, stop });
    return timer;
  };
  timers.clearTimeout = (timer) => {
    if (timer !== undefined) running.delete(timer);
    stop(timer);
  };
}

function replaceIntervals(timers: Timers, running: Map<Timer, Entry>, ledger: Ledger): void {
  const { setInterval: start, clearInterval: stop } = timers;
  timers.setInterval = (run, delayMs) => {
    const timer = start(run, delayMs);
    running.set(timer, { connection: ledger.newest(), endsWithConnection: true, stop });
    return timer;
  };
  timers.clearInterval = (timer) => {
    if (timer !== undefined) running.delete(timer);
    stop(timer);
  };
}
