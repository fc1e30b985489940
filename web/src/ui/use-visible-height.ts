import { useEffect } from "react";

/** Where an on-screen keyboard covers the page instead of resizing it (iOS), give its height to the layout. */
export function useVisibleHeight(): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (viewport === null) return;
    const measure = (): void => {
      const covered = window.innerHeight - viewport.height * viewport.scale > 120;
      const { style } = document.documentElement;
      if (covered) style.setProperty("--visible-height", `${viewport.height}px`);
      else style.removeProperty("--visible-height");
    };
    viewport.addEventListener("resize", measure);
    return () => viewport.removeEventListener("resize", measure);
  }, []);
}
