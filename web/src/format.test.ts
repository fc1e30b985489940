import { describe, expect, it } from "vitest";
import { clock, day, initial, secondsUntil, shareLeft, span, titled } from "./format";

describe("times", () => {
  it("shows minutes and seconds, and hours only when there are some", () => {
    expect([clock(-5), clock(0), clock(14_999), clock(252_000), clock(3_727_000)]).toEqual(["0:00", "0:00", "0:14", "4:12", "1:02:07"]);
  });

  it("counts down to zero and stays there", () => {
    expect([secondsUntil(3_000, 0), secondsUntil(3_000, 2_001), secondsUntil(3_000, 3_000), secondsUntil(3_000, 9_000)]).toEqual([3, 1, 0, 0]);
  });

  it("keeps a share between nothing and all", () => {
    expect([shareLeft(10, 0, 10), shareLeft(10, 5, 10), shareLeft(10, 20, 10), shareLeft(30, 0, 10)]).toEqual([1, 0.5, 0, 1]);
  });

  it("names a day as the language does", () => {
    const noon = new Date(2026, 10, 28, 12).getTime();
    expect([day(noon, "en"), day(noon, "ru").replace(/\s/gu, " ")]).toEqual(["Nov 28, 2026", "28 нояб. 2026 г."]);
  });

  it("splits a duration", () => {
    expect(span(252_400)).toEqual({ hours: 0, minutes: 4, seconds: 12 });
  });
});

describe("words", () => {
  it("makes the first letter large, in any script", () => {
    expect([titled("chess"), titled("шахматы"), titled(""), initial("heron")]).toEqual(["Chess", "Шахматы", "", "H"]);
  });
});
