import { expect, it, vi } from "vitest";
import { isAstray, MOST_TIMES, watchAstray } from "./astray.js";
import { totalsOf, type Totals } from "./quality.js";

const SOUND = { kind: "audio", id: "sound" };
const PICTURE = { kind: "video", id: "picture" };

/** Packets so far, by the track and its kind. */
function totals(...tracks: [kind: string, id: string, packets: number][]): Totals {
  return totalsOf(tracks.map(([kind, id, packets]) => ({ type: "inbound-rtp", kind, trackIdentifier: id, packetsReceived: packets })), 0);
}

it.each([
  ["another one has it all", totals(["audio", "old", 90], ["video", "picture", 40]), true],
  ["another one has what came first, and the rest is dropped", totals(["audio", "old", 1], ["audio", "sound", 0], ["video", "picture", 40]), true],
  ["it came, and another one was before", totals(["audio", "old", 50], ["audio", "sound", 1], ["video", "picture", 40]), false],
  ["nothing ever came of its kind", totals(["audio", "old", 0], ["video", "picture", 40]), false],
  ["nothing came at all", totals(), false],
])("knows whether a sound is astray when %s", (_, now, astray) => {
  expect(isAstray(now, [PICTURE, SOUND])).toBe(astray);
});

it("does not miss what is switched off", () => {
  expect(isAstray(totals(["audio", "old", 90]), [])).toBe(false);
});

it("has it connected anew when it was so twice in a row, and not for ever where that does not help", () => {
  const connectAnew = vi.fn();
  const look = watchAstray(connectAnew);
  const [good, bad] = [totals(["audio", "sound", 1]), totals(["audio", "old", 90])];
  for (const now of [bad, good, bad]) look(now, [SOUND]);
  expect(connectAnew).not.toHaveBeenCalled();
  look(bad, [SOUND]);
  expect(connectAnew).toHaveBeenCalledTimes(1);
  for (let times = 0; times < 20; times++) look(bad, [SOUND]);
  expect(connectAnew).toHaveBeenCalledTimes(MOST_TIMES);
  for (const now of [good, bad, bad]) look(now, [SOUND]);
  expect(connectAnew).toHaveBeenCalledTimes(MOST_TIMES + 1);
});
