import { useState, type CSSProperties, type KeyboardEvent, type PointerEvent } from "react";
import { arrow, HOME, movedBy, type Place } from "../place";

interface Movable {
  readonly style: CSSProperties;
  readonly onPointerDown: (event: PointerEvent<HTMLElement>) => void;
  readonly onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
}

/** A tile that goes where it is dragged, or where the arrow keys send it, within its parent. */
export function useMovable(): Movable {
  const [place, setPlace] = useState<Place>(HOME);
  const move = (tile: HTMLElement, from: Place, by: Place, box: DOMRect): void => {
    const room = tile.parentElement?.getBoundingClientRect();
    if (room !== undefined) setPlace(movedBy(from, by, box, room));
  };
  const drag = (event: PointerEvent<HTMLElement>): void => {
    const tile = event.currentTarget;
    const [startX, startY, box] = [event.clientX, event.clientY, tile.getBoundingClientRect()];
    const over = new AbortController();
    const moved = (now: globalThis.PointerEvent): void => move(tile, place, { x: now.clientX - startX, y: now.clientY - startY }, box);
    tile.setPointerCapture(event.pointerId);
    tile.addEventListener("pointermove", moved, { signal: over.signal });
    for (const end of ["pointerup", "pointercancel"]) tile.addEventListener(end, () => over.abort(), { signal: over.signal });
  };
  const press = (event: KeyboardEvent<HTMLElement>): void => {
    const by = arrow(event.key);
    if (by === null) return;
    event.preventDefault();
    move(event.currentTarget, place, by, event.currentTarget.getBoundingClientRect());
  };
  return { style: { translate: `${place.x}px ${place.y}px` }, onPointerDown: drag, onKeyDown: press };
}
