/** Calling somebody, and two who call each other. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ErrorCode } from "./protocol.gen.js";
import { called, calling, reconnect, talking, told } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("calling somebody", () => {
  it("shows at once that it is on the way, then rings, until it is answered", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.call("link", "text");
    expect(calls.state).toMatchObject({ phase: "outgoing", call: { id: null, outgoing: true, expiresAt: null } });
    await told(world, world.server.rings("c1"));
    expect(calls.state).toMatchObject({ phase: "outgoing", call: { id: "c1", expiresAt: Date.now() + 60_000, mode: "text" } });
    const [accepted, matched] = world.server.taken("c1", "p1");
    await told(world, accepted);
    expect(calls.state).toMatchObject({ phase: "connecting", call: { answered: true }, pair: null });
    await told(world, matched, { type: "talking", rev: world.server.next(), pair: "p1", since: Date.now() });
    expect(calls.state).toMatchObject({ phase: "talking", call: null, pair: { id: "p1", call: "c1" } });
  });

  it("asks for video when nobody says otherwise", async () => {
    const world = new World();
    (await world.calls()).call("link");
    await settle();
    expect(world.server.last("call")).toMatchObject({ to: "link", mode: "video" });
  });

  it.each(["declined", "missed", "lost"] as const)("tells that it was %s", async (reason) => {
    const world = new World();
    const calls = await calling(world);
    await told(world, world.server.callOver("c1", reason));
    expect(calls.state).toMatchObject({ phase: "ended", call: null, ended: { call: "c1", outgoing: true, reason, talkedMs: null } });
    calls.dismissEnded();
    expect(calls.state).toMatchObject({ phase: "idle", ended: null });
  });

  it("tells that they are busy, before it ever rang", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.call("link", "text");
    await told(world, world.server.callOver("c1", "busy"));
    expect(calls.state).toMatchObject({ phase: "ended", ended: { call: "c1", reason: "busy", by: "peer" } });
  });

  it.each<ErrorCode>(["unknown_link", "not_available", "rate_limited", "unavailable"])("tells that the server refused it: %s", async (code) => {
    const world = new World();
    world.server.onCommand = ({ type }) => (type === "call" ? { code, message: "", temporary: true, retry_after_ms: 3_000 } : null);
    const calls = await world.calls();
    calls.call("link", "text");
    await settle();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { call: null, reason: code, by: "server", retryAt: Date.now() + 3_000 } });
    world.server.onCommand = () => null;
    calls.call("link", "text");
    expect(calls.state).toMatchObject({ phase: "outgoing", ended: null });
  });

  it("is cancelled at once, and stays so when its end is told", async () => {
    const world = new World();
    const calls = await calling(world);
    calls.hangUp();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "cancelled", by: "me" } });
    await told(world, world.server.callOver("c1", "cancelled"));
    expect(world.server.last("cancel_call").call).toBe("c1");
    expect(calls.state.ended).toMatchObject({ reason: "cancelled", by: "me" });
  });

  it("is cancelled as soon as it has a name, if it was hung up before", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.call("link", "text");
    calls.hangUp();
    await settle();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { call: null, reason: "cancelled" } });
    await told(world, world.server.rings("c1"));
    expect(world.server.last("cancel_call").call).toBe("c1");
    expect(calls.state.phase).toBe("ended");
  });

  it("ends the pair where the answer crossed the cancel", async () => {
    const world = new World();
    const calls = await calling(world);
    calls.hangUp();
    await told(world, ...world.server.taken("c1", "p1"));
    expect(world.server.last("leave").pair).toBe("p1");
    expect(calls.state).toMatchObject({ phase: "ended", pair: null });
    expect(world.media.joins).toEqual([]);
  });

  it("does not ring late: what could not be said in time is not said", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.reachable = false;
    world.server.socket.close1006();
    await settle();
    calls.call("link", "text");
    await settle(16_000);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "lost", by: "server" } });
    world.server.reachable = true;
    await settle(60_000);
    expect(calls.state.connection.status).toBe("online");
    expect(world.server.of("call")).toEqual([]);
  });

  it("is said again after a reconnect, with the same id, until the server has it", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.deaf = true;
    calls.call("link", "text");
    await settle();
    world.server.deaf = false;
    await reconnect(world);
    expect(world.server.of("call")).toHaveLength(1);
    expect(calls.state.phase).toBe("outgoing");
    await told(world, world.server.rings("c1"));
    expect(calls.state.call?.id).toBe("c1");
  });

  it("is refused in a talk, while it rings, and while it is on the way", async () => {
    const world = new World();
    const calls = await talking(world);
    calls.call("other", "text");
    expect(calls.state).toMatchObject({ phase: "talking", notice: { code: "bad_request" } });
    const second = new World();
    const ringing = await calling(second);
    ringing.call("other", "text");
    expect(ringing.state).toMatchObject({ phase: "outgoing", call: { id: "c1" }, notice: { code: "bad_request" } });
    await settle();
    expect([...world.server.of("call"), ...second.server.of("call")]).toHaveLength(1);
  });
});

describe("both call each other", () => {
  it("and the one that was first is taken, also while it rings here", async () => {
    const world = new World();
    const calls = await called(world);
    calls.call("link", "text");
    expect(calls.state.phase).toBe("incoming");
    await told(world, ...world.server.taken("c1", "p1"));
    expect(calls.state).toMatchObject({ phase: "connecting", pair: { id: "p1", call: "c1" } });
  });

  it("and theirs crosses ours", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.call("link", "text");
    await told(world, world.server.incoming("c1"), ...world.server.taken("c1", "p1"));
    expect(calls.state.pair?.id).toBe("p1");
    await settle(20_000);
    expect(calls.state.pair?.id).toBe("p1");
    expect(world.server.of("leave")).toEqual([]);
  });

  it("but it was somebody else who calls: it rings on, and we are told", async () => {
    const world = new World();
    world.server.onCommand = ({ type }) => (type === "call" ? { code: "bad_request", message: "", temporary: true } : null);
    const calls = await called(world);
    calls.call("other", "text");
    await settle();
    expect(calls.state).toMatchObject({ phase: "incoming", call: { id: "c1" }, notice: { code: "bad_request" } });
  });
});
