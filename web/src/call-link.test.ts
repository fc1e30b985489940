import { describe, expect, it } from "vitest";
import { addressOf, wordOf } from "./call-link";

describe("a personal link as an address", () => {
  it("is the page's own, without what this visit asked for", () => {
    expect(addressOf("https://host/talk/?lang=ru&mode=text#call=before", "a-b_c")).toBe("https://host/talk/#call=a-b_c");
  });

  it("names the same person again", () => {
    for (const word of ["a-b_c", "with space&more=1", "слово"]) expect(wordOf(new URL(addressOf("https://host/", word)).hash)).toBe(word);
  });

  it("means nobody without a word", () => {
    expect(["", "#", "#call=", "#call=%20", "#other=x"].map(wordOf)).toEqual([null, null, null, null, null]);
  });
});
