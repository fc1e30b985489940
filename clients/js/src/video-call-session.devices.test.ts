/** Several devices of one person: all ring, one talks, the others stand by. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { called, rungStandingBy, sent, standingBy, talking, told } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("several devices", () => {
  it("ring too, where they stand by, and fall silent when another one answers", async () => {
    const world = new World();
    const calls = await rungStandingBy(world);
    expect(calls.state).toMatchObject({ connection: { status: "standby" }, phase: "incoming" });
    await told(world, world.server.callOver("c1", "answered_elsewhere"));
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "answered_elsewhere", by: "me" } });
    expect(world.server.sockets).toHaveLength(1);
  });

  it("ring on when another one is opened meanwhile", async () => {
    const world = new World();
    const calls = await called(world);
    world.server.standBy();
    await settle();
    expect(calls.state).toMatchObject({ connection: { status: "standby" }, phase: "incoming" });
  });

  it("may decline", async () => {
    const world = new World();
    const calls = await rungStandingBy(world);
    calls.decline();
    await settle();
    expect(world.server.applied.size).toBe(1);
    expect(calls.state.connection.status).toBe("standby");
  });

  it("may accept, and are the active one by that; what is said meanwhile waits for it", async () => {
    const world = new World();
    const calls = await rungStandingBy(world);
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1, null), call: "c1" }, null);
    calls.accept();
    calls.link();
    await settle();
    expect(calls.state).toMatchObject({ connection: { status: "online" }, phase: "connecting", pair: { id: "p1" } });
    expect(sent(world)).toEqual(["accept", "call_link"]);
    expect(world.server.applied.size).toBe(2);
  });

  it("may be too late, and go on standing by", async () => {
    const world = new World();
    const calls = await rungStandingBy(world);
    calls.accept();
    await settle();
    await told(world, world.server.callOver("c1", "answered_elsewhere"));
    expect(calls.state).toMatchObject({ connection: { status: "standby" }, phase: "ended", ended: { reason: "answered_elsewhere" } });
  });

  it("let go of a talk that another one takes over", async () => {
    const world = new World();
    const calls = await talking(world);
    world.server.standBy();
    await settle();
    expect(calls.state).toMatchObject({ connection: { status: "standby" }, phase: "idle", pair: null });
    expect(world.media.joined).toBe(false);
    expect(world.server.of("leave")).toEqual([]);
  });

  it("take over by themselves when the person calls there", async () => {
    const world = new World();
    const calls = await standingBy(world);
    calls.call("link", "text");
    await settle();
    await told(world, world.server.rings("c1"));
    expect(calls.state).toMatchObject({ connection: { status: "online" }, phase: "outgoing", call: { id: "c1" } });
    expect(world.server.received.map(({ type }) => type)).toEqual(["auth", "auth", "call"]);
    expect(world.server.sockets).toHaveLength(1);
  });

  it("take over when they are told to, with whatever goes on", async () => {
    const world = new World();
    const calls = await standingBy(world);
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1), call: "c1" }, Date.now());
    calls.takeOver();
    await settle();
    expect(calls.state).toMatchObject({ connection: { status: "online" }, phase: "talking", pair: { id: "p1" } });
  });

  it("tell the link once they do not stand by any more", async () => {
    const world = new World();
    const calls = await standingBy(world);
    calls.link({ renew: true });
    await settle();
    expect(calls.state.notice).toBeNull();
    calls.takeOver();
    await told(world, { type: "personal_link", link: "mine" });
    expect(world.server.of("call_link")).toMatchObject([{ renew: true }, { renew: true }]);
    expect(calls.state.link).toBe("mine");
  });
});
