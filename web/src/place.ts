/** Where a tile lies that a person may move. Pure. */

/** From its own place, in CSS pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export const HOME: Place = { x: 0, y: 0 };
const STEP = 32;
const ARROWS: Readonly<Record<string, Place>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};

/** `tile` is the box at `from`; it never leaves `room`. */
export function movedBy(from: Place, by: Place, tile: Box, room: Box): Place {
  const within = (wanted: number, least: number, most: number): number => Math.min(Math.max(wanted, least), Math.max(least, most));
  return {
    x: from.x + within(by.x, room.left - tile.left, room.right - tile.right),
    y: from.y + within(by.y, room.top - tile.top, room.bottom - tile.bottom),
  };
}

/** Null: not a key that moves. */
export function arrow(key: string): Place | null {
  return ARROWS[key] ?? null;
}
