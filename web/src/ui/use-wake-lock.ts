import { useEffect } from "react";

/** Keep the screen on. A browser takes the lock back when the page is hidden, so it is asked for again. */
export function useWakeLock(wanted: boolean): void {
  useEffect(() => {
    if (!wanted || !("wakeLock" in navigator)) return;
    let over = false;
    let lock: WakeLockSentinel | null = null;
    const hold = async (): Promise<void> => {
      if (document.visibilityState !== "visible") return;
      lock = await navigator.wakeLock.request("screen");
      if (over) await lock.release();
    };
    const again = (): void => void hold().catch(() => undefined); // a low battery forbids it: the screen may go dark
    again();
    document.addEventListener("visibilitychange", again);
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", again);
      void lock?.release().catch(() => undefined);
    };
  }, [wanted]);
}
