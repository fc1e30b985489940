/** How large a picture to ask for. Pure. */
import type { PictureSize } from "@duologue/client";

/** Pixels of the screen; in steps, so that a window that is being dragged does not ask for each size on the way. */
const STEP = 64;
/** Beyond it a picture of this kind gains nothing that anybody sees. */
const SHARPEST_RATIO = 2;

export function pictureSize(width: number, height: number, pixelRatio: number): PictureSize {
  const ratio = Math.min(SHARPEST_RATIO, Math.max(1, pixelRatio));
  const stepped = (length: number): number => STEP * Math.ceil((length * ratio) / STEP);
  return { width: stepped(width), height: stepped(height) };
}
