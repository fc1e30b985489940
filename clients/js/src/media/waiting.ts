/** Waiting for something, but not in any case. */
import { DuologueError } from "../errors.js";
import type { AbortSignalLike } from "../session/abort.js";

/** What is awaited may go on; nobody waits for it any more. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignalLike): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new DuologueError("aborted"));
    if (signal.aborted) fail();
    signal.addEventListener("abort", fail);
    stop = () => signal.removeEventListener("abort", fail);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stop();
  }
}

/** Wait for it, but not for longer. */
export async function within(ms: number, done: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([done, over]);
  clearTimeout(timer);
}
