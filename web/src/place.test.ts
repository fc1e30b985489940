import { describe, expect, it } from "vitest";
import { arrow, HOME, movedBy } from "./place";

const ROOM = { left: 0, top: 0, right: 390, bottom: 700 };
const TILE = { left: 270, top: 60, right: 378, bottom: 200 };

describe("a tile that is moved", () => {
  it("goes where it is dragged", () => {
    expect(movedBy(HOME, { x: -100, y: 50 }, TILE, ROOM)).toEqual({ x: -100, y: 50 });
    expect(movedBy({ x: -10, y: 5 }, { x: -1, y: 1 }, TILE, ROOM)).toEqual({ x: -11, y: 6 });
  });

  it("stays in the room", () => {
    expect(movedBy(HOME, { x: -999, y: 999 }, TILE, ROOM)).toEqual({ x: -270, y: 500 });
    expect(movedBy(HOME, { x: 999, y: -999 }, TILE, ROOM)).toEqual({ x: 12, y: -60 });
  });

  it("keeps to the start of a room that is too small", () => {
    expect(movedBy(HOME, { x: 5, y: 0 }, TILE, { ...ROOM, left: 300, right: 320 })).toEqual({ x: 30, y: 0 });
  });

  it("moves by arrows", () => {
    expect(arrow("ArrowLeft")).toEqual({ x: -32, y: 0 });
    expect(arrow("n")).toBeNull();
  });
});
