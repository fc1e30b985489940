import type { RandomChat } from "@duologue/client";
import { useEffect, type RefObject } from "react";
import { pictureSize } from "../picture-size";

/** Tells the session how large the partner's picture is on this screen, so that no larger one is sent. */
export function usePictureSize(session: RandomChat, element: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const box = element.current;
    if (box === null) return;
    let told = "";
    const observer = new ResizeObserver(() => {
      const size = pictureSize(box.clientWidth, box.clientHeight, window.devicePixelRatio);
      const now = `${size.width}x${size.height}`;
      if (now !== told) session.setPictureSize(size);
      told = now;
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, [session, element]);
}
