/** `setTimeout`, which all hosts have, as the session wants it. */

/** Returns how to call it off. */
export function setTimer(run: () => void, delayMs: number): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}
