/**
 * The end of an effect whose work begins later: it is stopped when it has begun.
 * Where it never begins (no Web Audio, no network), there is no meter, and nothing else is missing.
 */
export function stopLater(beginning: Promise<() => void>): () => void {
  const stopped = beginning.catch(() => () => undefined);
  return () => void stopped.then((stop) => stop());
}
