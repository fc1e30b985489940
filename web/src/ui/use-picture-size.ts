import type { RandomChat } from "@duologue/client";
import { useEffect } from "react";

const SETTLED_MS = 250;

/** Tell the session how large the partner's picture is shown, so that no larger one is sent. A drag of the window's edge tells once. */
export function usePictureSize(session: RandomChat): void {
  useEffect(() => {
    const picture = document.querySelector("[data-testid='remote-video']");
    if (picture === null) return;
    let timer: number | undefined;
    const observer = new ResizeObserver(([entry]) => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => {
        const { width = 0, height = 0 } = entry?.contentRect ?? {};
        if (width > 0 && height > 0) session.setPictureSize({ width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) });
      }, SETTLED_MS);
    });
    observer.observe(picture);
    return () => {
      window.clearTimeout(timer);
      observer.disconnect();
    };
  }, [session]);
}
