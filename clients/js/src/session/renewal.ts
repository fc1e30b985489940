/** When to hand in a newer token. Pure. */

/** With less left than this there is no time: the server closes, and coming back brings a new token. */
const TOO_LATE_MS = 2_000;
/** Timers of browsers cannot hold more than 24 days. */
const AT_MOST_MS = 86_400_000;

/**
 * Milliseconds from now, or null for never. Somewhere in the last third, so that those who came together
 * do not renew together; asked again after a failure, it names a time in what is left.
 */
export function renewInMs(expiresAt: number, serverNow: number, random: number): number | null {
  const left = expiresAt - serverNow;
  return left < TOO_LATE_MS ? null : Math.round(Math.min(AT_MOST_MS, left * (0.7 + 0.2 * random)));
}
