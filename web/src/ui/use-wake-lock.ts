import { useEffect } from "react";

/** Keep the screen on. The browser takes it back whenever the page is hidden, so it is asked for again. */
export function useWakeLock(active: boolean): void {
  useEffect(() => {
    if (!active || !("wakeLock" in navigator)) return;
    let lock: WakeLockSentinel | null = null;
    let over = false;
    const ask = async (): Promise<void> => {
      if (document.visibilityState !== "visible") return;
      const got = await navigator.wakeLock.request("screen").catch(() => null); // refused when the battery is low
      if (over) void got?.release();
      else lock = got;
    };
    const seen = (): void => void ask();
    document.addEventListener("visibilitychange", seen);
    seen();
    return () => {
      over = true;
      document.removeEventListener("visibilitychange", seen);
      void lock?.release();
    };
  }, [active]);
}
