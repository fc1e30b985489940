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

  it("save data as the browser does, until the person says otherwise", () => {
    expect(parsePreferences("{}", "", true).dataSaver).toBe(true);
    expect(parsePreferences('{"dataSaver":false}', "", true).dataSaver).toBe(false);
    expect(parsePreferences("{}", "").dataSaver).toBe(false);
  });

  it("go on by themselves, unless switched off", () => {
    expect(parsePreferences("{}", "")).toMatchObject({ autoNext: true, pauseWhenSkipped: false });
    expect(parsePreferences('{"autoNext":false,"pauseWhenSkipped":true}', "")).toMatchObject({ autoNext: false, pauseWhenSkipped: true });
  });

  it("give way to the address", () => {
    expect(parsePreferences('{"mode":"voice"}', "?mode=text").mode).toBe("text");
    expect(parsePreferences('{"mode":"voice"}', "?mode=smell").mode).toBe("voice");
  });
});
