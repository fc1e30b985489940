import { describe, expect, it } from "vitest";
import { pictureSize } from "./picture-size";

describe("the size of the picture to ask for", () => {
  it("is in pixels of the screen, and never smaller than it is shown", () => {
    expect(pictureSize(390, 844, 1)).toEqual({ width: 448, height: 896 });
    expect(pictureSize(640, 480, 2)).toEqual({ width: 1280, height: 960 });
  });

  it("does not follow screens that are sharper than anybody sees, nor a page that is zoomed out", () => {
    expect(pictureSize(320, 320, 3)).toEqual(pictureSize(320, 320, 2));
    expect(pictureSize(320, 320, 0.5)).toEqual(pictureSize(320, 320, 1));
  });

  it("stays the same over small changes, and is nothing for nothing", () => {
    expect(pictureSize(1000, 700, 1)).toEqual(pictureSize(1020, 690, 1));
    expect(pictureSize(0, 0, 2)).toEqual({ width: 0, height: 0 });
  });
});
