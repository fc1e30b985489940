import { describe, expect, it } from "vitest";
import { MAX_INTERESTS, parsePreferences, tidyInterest, withInterests } from "./preferences";

describe("interests", () => {
  it("are small letters with single spaces and a limit", () => {
    expect(tidyInterest("  Board   GAMES ")).toBe("board games");
    expect(tidyInterest("x".repeat(50))).toHaveLength(32);
  });

  it("are never there twice, and several may be typed at once", () => {
    expect(withInterests(["chess"], "Film, CHESS; ,books")).toEqual(["chess", "film", "books"]);
  });

  it("stop at what the server takes", () => {
    expect(withInterests([], "a,b,c,d,e,f,g,h,i,j,k,l")).toHaveLength(MAX_INTERESTS);
  });
});

describe("preferences", () => {
  it("survive a broken store", () => {
    expect(parsePreferences("{oops", "")).toMatchObject({ mode: "video", interests: [], agreed: false });
    expect(parsePreferences('{"mode":"smell","interests":[1,"film"],"agreed":"yes"}', "")).toMatchObject({ mode: "video", interests: ["film"], agreed: false });
  });

  it("give way to the address", () => {
    expect(parsePreferences('{"mode":"voice"}', "?mode=text").mode).toBe("text");
    expect(parsePreferences('{"mode":"voice"}', "?mode=smell").mode).toBe("voice");
  });
});
