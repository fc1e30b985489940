import { useEffect, useRef } from "react";

export interface Keys {
  readonly next: () => void;
  readonly mute: () => void;
  readonly camera: () => void;
  /** Take the call that rings, or refuse it. */
  readonly answer: () => void;
  readonly decline: () => void;
  /** Show which keys there are. */
  readonly list: () => void;
  /** Escape was pressed once; a second press within the time leaves. */
  readonly armed: () => void;
  readonly leave: () => void;
}

const ESCAPE_MS = 2_000;
const TYPING = "input:not([type='checkbox']), textarea, select, [contenteditable='true']";

/** N, M, V, A, D, ? and Escape twice. Off while typing and while a dialog is open. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let armedAt = Number.NEGATIVE_INFINITY;
    const escape = (): void => {
      const again = performance.now() - armedAt < ESCAPE_MS;
      armedAt = again ? Number.NEGATIVE_INFINITY : performance.now();
      if (again) latest.current.leave();
      else latest.current.armed();
    };
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("[role='dialog'], [role='alertdialog'], [role='menu']") !== null) return;
      const typing = event.target instanceof Element && event.target.closest(TYPING) !== null;
      if (typing) return event.key === "Escape" ? (event.target as HTMLElement).blur() : undefined;
      // By place and not by letter: the same keys on a Russian keyboard.
      if (event.key === "Escape") escape();
      else if (event.key === "?") latest.current.list();
      else if (event.code === "KeyN") latest.current.next();
      else if (event.code === "KeyM") latest.current.mute();
      else if (event.code === "KeyV") latest.current.camera();
      else if (event.code === "KeyA") latest.current.answer();
      else if (event.code === "KeyD") latest.current.decline();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, []);
}
