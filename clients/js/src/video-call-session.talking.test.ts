/** A talk that came of a call. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { called, reconnect, sent, talking, told } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a talk that came of a call", () => {
  it("has chat, mute and a partner that is away, as any", async () => {
    const world = new World();
    const calls = await talking(world);
    calls.sendChat("hello");
    calls.setCamera(false);
    await told(world, { type: "peer", pair: "p1", event: "reconnecting", until: Date.now() + 5_000 });
    expect(calls.state).toMatchObject({ chat: [{ mine: true, text: "hello" }], camera: false, pair: { peerAwayUntil: Date.now() + 5_000 } });
    expect(world.server.last("mute")).toMatchObject({ pair: "p1", video: true });
  });

  it("is ended at once by hanging up; nothing begins by itself", async () => {
    const world = new World();
    const calls = await talking(world);
    await settle(2_000);
    calls.hangUp();
    expect(calls.state).toMatchObject({ phase: "ended", pair: null, ended: { call: "c1", reason: "left", by: "me", talkedMs: 2_000 } });
    await settle(60_000);
    expect(world.server.last("leave").pair).toBe("p1");
    expect(sent(world)).not.toContain("find");
    expect(world.media.joined).toBe(false);
  });

  it.each(["left", "lost", "next"] as const)("is over when they are gone: %s", async (reason) => {
    const world = new World();
    const calls = await talking(world);
    await told(world, world.server.ended("p1", { reason, by: "peer" }));
    await settle(60_000);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason, by: "peer", alias: "alias-p1" } });
    expect(sent(world)).not.toContain("find");
  });

  it("ends when its media fails, also if the server does not say so", async () => {
    const world = new World();
    const calls = await talking(world);
    world.media.lastJoin.events.failed("disconnected");
    await settle(6_000);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "media_failed", by: "me" } });
    expect(world.server.last("leave").pair).toBe("p1");
    expect(sent(world)).not.toContain("next");
  });

  it("goes on after a reconnect, without a second join", async () => {
    const world = new World();
    const calls = await talking(world);
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1), call: "c1" }, Date.now());
    await reconnect(world);
    expect(calls.state).toMatchObject({ phase: "talking", pair: { id: "p1", call: "c1" } });
    expect(world.media.joins).toHaveLength(1);
  });

  it("is found again after a reload of the page", async () => {
    const world = new World();
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1), call: "c1" }, Date.now());
    const calls = await world.calls();
    expect(calls.state).toMatchObject({ phase: "talking", pair: { id: "p1" } });
  });

  it("is lost when the server knows nothing of it any more", async () => {
    const world = new World();
    const calls = await talking(world);
    world.server.state = { kind: "idle" };
    await reconnect(world);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "lost", by: "server" } });
    expect(world.media.joined).toBe(false);
  });

  it("ends before it could be joined, where no room was to be had", async () => {
    const world = new World();
    const calls = await called(world);
    calls.accept();
    const [accepted] = world.server.taken("c1", "p1");
    await told(world, accepted, world.server.ended("p1", { reason: "media_failed", by: "server" }));
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "media_failed", by: "server", talkedMs: null } });
  });
});
