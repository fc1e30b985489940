/** No ring outlives its time, and that is the server's. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { called, sent, told } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("time", () => {
  it("ends a ring that nobody ended", async () => {
    const world = new World();
    const calls = await world.calls();
    await told(world, world.server.incoming("c1", 20_000));
    await settle(19_900);
    expect(calls.state.phase).toBe("incoming");
    await settle(200);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "missed", by: "server" } });
    await told(world, world.server.callOver("c1", "missed"));
    expect(calls.state.ended?.reason).toBe("missed");
  });

  it("is the server's: a clock that is wrong rings as long", async () => {
    const world = new World({ now: () => Date.now() + 3_600_000 });
    const calls = await world.calls();
    await told(world, world.server.incoming("c1", 20_000));
    expect(calls.state.call?.expiresAt).toBe(Date.now() + 3_620_000);
    await settle(19_000);
    expect(calls.state.phase).toBe("incoming");
    await settle(1_500);
    expect(calls.state.phase).toBe("ended");
  });

  it("is over when the page is looked at again, although no timer ran", async () => {
    const world = new World({ setTimer: () => () => undefined });
    const calls = await called(world);
    vi.setSystemTime(Date.now() + 61_000);
    world.tell("visible");
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "missed" } });
  });

  it("is over for an answer that comes too late", async () => {
    const world = new World({ setTimer: () => () => undefined });
    const calls = await called(world);
    vi.setSystemTime(Date.now() + 61_000);
    calls.accept();
    await settle();
    expect(calls.state.phase).toBe("ended");
    expect(sent(world)).toEqual([]);
  });

  it("is over for late news, which does not ring", async () => {
    const world = new World();
    const calls = await world.calls();
    await told(world, world.server.incoming("c1", -1));
    expect(calls.state.phase).toBe("idle");
  });

  it("does not part those who were connected in the last moment", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.call("link", "text");
    await told(world, world.server.rings("c1", 20_000));
    await settle(20_100);
    expect(calls.state.ended?.reason).toBe("missed");
    await told(world, ...world.server.taken("c1", "p1"));
    expect(calls.state).toMatchObject({ phase: "connecting", pair: { id: "p1" }, ended: null });
    expect(world.server.of("leave")).toEqual([]);
  });
});
