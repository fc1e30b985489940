/** A socket that is lost while it rings. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { called, calling, reconnect } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a reconnect while it rings", () => {
  it("finds it as it is, with the name of the other one", async () => {
    const world = new World();
    const calls = await calling(world);
    world.server.state = world.server.ringing("c1", true, 40_000);
    await reconnect(world);
    expect(calls.state).toMatchObject({ phase: "outgoing", call: { id: "c1", alias: "peer-c1" } });
  });

  it("finds it gone", async () => {
    const world = new World();
    const calls = await called(world);
    await reconnect(world);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "lost", by: "server" } });
  });

  it("does not ring again after a no that is still on its way", async () => {
    const world = new World();
    const calls = await called(world);
    world.server.deaf = true;
    calls.decline();
    await settle();
    world.server.deaf = false;
    world.server.state = world.server.ringing("c1", false);
    await reconnect(world);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "declined" } });
    expect(world.server.of("decline")).toHaveLength(1);
  });

  it("finds the pair that our answer made", async () => {
    const world = new World();
    const calls = await called(world);
    world.server.deaf = true;
    calls.accept();
    await settle();
    world.server.deaf = false;
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1, null), call: "c1" }, null);
    await reconnect(world);
    expect(calls.state).toMatchObject({ phase: "connecting", pair: { id: "p1" }, call: null });
    expect(world.server.of("leave")).toEqual([]);
  });

  it("finds what was hung up before it had a name, and cancels it", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.silent = true;
    calls.call("link", "text");
    await settle();
    calls.hangUp();
    world.server.silent = false;
    world.server.state = world.server.ringing("c1", true);
    await reconnect(world);
    expect(world.server.last("cancel_call").call).toBe("c1");
    expect(world.server.of("call")).toHaveLength(1);
    expect(calls.state.phase).toBe("ended");
  });

  it("of another person than before knows nothing of it", async () => {
    const world = new World();
    const calls = await called(world);
    world.server.person = "p2";
    await reconnect(world);
    expect(calls.state).toMatchObject({ phase: "idle", call: null, ended: null });
  });
});
