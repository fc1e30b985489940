/** When to come back: full jitter, so that a crowd that lost one server does not return as one. */

export interface BackoffPolicy {
  readonly baseMs: number;
  readonly capMs: number;
}

export const DEFAULT_BACKOFF: BackoffPolicy = { baseMs: 500, capMs: 20_000 };

/** With less left than this of the seat, a try would hardly be in time. */
const SEAT_WORTH_MS = 1_000;

/**
 * `rand(0, min(cap, base * 2^failures))`; the first attempt (`failures` 0) is jittered too.
 * While the seat is held, the next try comes before it is given up. `random` is in [0, 1).
 */
export function backoffMs(failures: number, random: number, seatLeftMs: number | null = null, policy: BackoffPolicy = DEFAULT_BACKOFF): number {
  const ceilingMs = Math.min(policy.capMs, policy.baseMs * 2 ** failures);
  const held = seatLeftMs !== null && seatLeftMs >= SEAT_WORTH_MS;
  return random * (held ? Math.min(ceilingMs, seatLeftMs) : ceilingMs);
}

/**
 * How long to wait before coming back: what the server told, and never less than the back-off of our
 * own, because a server in trouble may tell everybody the same short delay again and again.
 */
export function comeBackMs(toldMs: number | null, failures: number, random: number, seatLeftMs: number | null = null): number {
  return Math.round(Math.max(toldMs ?? 0, backoffMs(failures, random, seatLeftMs)));
}

/** A connection that lasted shorter than this was no success: the back-off goes on growing. */
const STABLE_MS = 5_000;

/** What coming back again and again has come to. Knows no clock and throws no dice: both are told. */
export class Retries {
  #failures = 0;
  #seatUntil: number | null = null;

  /** Tries in a row that came to nothing. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * A connection that was in for `lastedMs` is lost or left. The seat is held for `seatMs` from about now: the server may
   * have noticed sooner, or hold it for longer. Null: there is none, or nobody told.
   */
  lost(lastedMs: number, seatMs: number | null, now: number): void {
    if (lastedMs >= STABLE_MS) this.#failures = 0;
    this.#seatUntil = seatMs === null ? null : now + seatMs;
  }

  /** It may work now, whatever happened before. */
  afresh(): void {
    this.#failures = 0;
  }

  /** One more came to nothing. After how long to make the next; `toldMs`: what the server said of it. */
  next(toldMs: number | null, now: number, random: number): number {
    const seatLeftMs = this.#seatUntil === null ? null : this.#seatUntil - now;
    const waitMs = comeBackMs(toldMs, this.#failures, random, seatLeftMs);
    this.#failures += 1;
    return waitMs;
  }
}
