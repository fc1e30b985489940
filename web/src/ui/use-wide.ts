import { useSyncExternalStore } from "react";

const wide = matchMedia("(min-width: 900px)");

/** Whether stage and column stand side by side (styles/shell.css). */
export function useWide(): boolean {
  return useSyncExternalStore(
    (changed) => {
      wide.addEventListener("change", changed);
      return () => wide.removeEventListener("change", changed);
    },
    () => wide.matches,
  );
}
