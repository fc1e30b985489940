import { Room } from "livekit-client";
import { afterEach, expect, it, vi } from "vitest";
import { makeRoom } from "./library-rooms.js";

afterEach(() => vi.unstubAllGlobals());

/** As far as the library looks at a page when it makes a room. */
function page(): EventTarget {
  const mediaDevices = new EventTarget();
  vi.stubGlobal("document", {});
  vi.stubGlobal("navigator", { mediaDevices, userAgent: "" });
  return mediaDevices;
}

it("listens for devices until it is let go of", () => {
  const mediaDevices = page();
  const listen = vi.spyOn(mediaDevices, "addEventListener");
  const { letGo } = makeRoom({});
  const [options] = listen.mock.calls.filter(([name]) => name === "devicechange").map(([, , given]) => given as { signal: AbortSignal });
  expect(options?.signal.aborted).toBe(false);
  letGo();
  expect(options?.signal.aborted).toBe(true);
});

it("leaves the library's own rooms as they are", () => {
  page();
  const usual = Room.cleanupRegistry;
  makeRoom({}).letGo();
  expect(Room.cleanupRegistry).toBe(usual);
});
