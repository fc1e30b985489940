/** Being called. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CallEnd } from "./protocol.gen.js";
import { called, calling, sent, told } from "./testing/call-states.js";
import { credentials } from "./testing/fake-server.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("being called", () => {
  it("rings with a name and a time, and nothing is joined", async () => {
    const world = new World();
    const calls = await called(world);
    expect(calls.state).toMatchObject({ phase: "incoming", call: { id: "c1", outgoing: false, alias: "caller-c1", expiresAt: Date.now() + 60_000 } });
    expect(world.media.log).toEqual([]);
  });

  it("becomes a talk with media when it is taken", async () => {
    const world = new World();
    const calls = await called(world);
    calls.accept();
    expect(calls.state).toMatchObject({ phase: "connecting", call: { id: "c1", answered: true } });
    await told(world, ...world.server.taken("c1", "p1", credentials("p1")));
    expect(world.server.last("accept").call).toBe("c1");
    expect(calls.state).toMatchObject({ phase: "connecting", pair: { id: "p1" }, media: { status: "connected" } });
    expect(world.media.log).toEqual(["join token-p1"]);
  });

  it("is declined at once", async () => {
    const world = new World();
    const calls = await called(world);
    calls.decline();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { outgoing: false, reason: "declined", by: "me" } });
    await settle();
    expect(sent(world)).toEqual(["decline"]);
  });

  it("is declined by hanging up, and a call of one's own is not touched by a decline", async () => {
    const world = new World();
    (await called(world)).hangUp();
    const other = new World();
    const calls = await calling(other);
    calls.decline();
    await settle();
    expect(sent(world)).toEqual(["decline"]);
    expect(sent(other)).toEqual(["call"]);
    expect(calls.state.phase).toBe("outgoing");
  });

  it.each<[CallEnd, string]>([["cancelled", "peer"], ["missed", "server"], ["answered_elsewhere", "me"], ["lost", "server"]])("stops when it is %s", async (reason, by) => {
    const world = new World();
    const calls = await called(world);
    await told(world, world.server.callOver("c1", reason));
    expect(calls.state).toMatchObject({ phase: "ended", call: null, ended: { reason, by } });
  });

  it("hangs up what was just taken, whichever the server heard first", async () => {
    const world = new World();
    const calls = await called(world);
    calls.accept();
    calls.hangUp();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "cancelled", by: "me" } });
    await told(world, ...world.server.taken("c1", "p1", credentials("p1")));
    expect(sent(world)).toEqual(["accept", "decline", "cancel_call", "leave"]);
    expect(world.media.joins).toEqual([]);
  });

  it("keeps asking while no media server is free, for as long as it rings", async () => {
    const world = new World();
    world.server.onCommand = ({ type }) => (type === "accept" ? { code: "media_failed", message: "", temporary: true, retry_after_ms: 4_000 } : null);
    const calls = await called(world);
    calls.accept();
    await settle();
    expect(calls.state).toMatchObject({ phase: "connecting", notice: { code: "media_failed" } });
    await settle(9_000);
    expect(world.server.of("accept")).toHaveLength(3);
    world.server.onCommand = () => null;
    await settle(4_000);
    await told(world, ...world.server.taken("c1", "p1"));
    expect(calls.state.pair?.id).toBe("p1");
  });

  it("says a no again that was not taken", async () => {
    const world = new World();
    world.server.onCommand = () => ({ code: "unavailable", message: "", temporary: true });
    (await called(world)).decline();
    await settle();
    world.server.onCommand = () => null;
    await settle(2_000);
    expect(world.server.of("decline")).toHaveLength(2);
    expect(world.server.applied.size).toBe(1);
  });
});
