/** A random chat and calls over the same line. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sent, told } from "./testing/call-states.js";
import { credentials } from "./testing/fake-server.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a random chat over the same line", () => {
  it("waits while it rings, and goes on when the call comes to nothing", async () => {
    const world = new World();
    const [chat, calls] = await world.both();
    chat.find({ mode: "text" });
    await told(world, world.server.waiting(1), world.server.incoming("c1"));
    expect(calls.state.phase).toBe("incoming");
    const rev = world.server.next();
    await told(world, { ...world.server.callOver("c1", "missed", { waiting: { ...world.server.waiting(1), rev: rev + 2 } }), rev: rev + 2 });
    expect(chat.state).toMatchObject({ phase: "searching", waiting: { attempt: 1, waitingCount: 3 } });
    expect(sent(world)).toEqual(["find"]);
  });

  it("searches anew where the servers forgot the search with the call", async () => {
    const world = new World();
    const [chat] = await world.both();
    chat.find({ mode: "text" });
    await settle();
    await told(world, world.server.waiting(1), world.server.incoming("c1"), world.server.callOver("c1", "lost"));
    expect(world.server.of("find").map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(chat.state.phase).toBe("searching");
  });

  it("goes on with a search of before a reload", async () => {
    const world = new World();
    world.server.state = world.server.ringing("c1", false);
    const [chat, calls] = await world.both();
    expect(calls.state.phase).toBe("incoming");
    const waiting = world.server.waiting(4);
    await told(world, { ...world.server.callOver("c1", "missed"), waiting });
    expect(chat.state).toMatchObject({ phase: "searching", waiting: { attempt: 4 } });
    expect(sent(world)).toEqual([]);
  });

  it("shows a talk of a call as a talk, and one that was found is none of the calls", async () => {
    const world = new World();
    const [chat, calls] = await world.both();
    chat.find({ mode: "video" });
    await told(world, world.server.matched("a", 1));
    expect(calls.state).toMatchObject({ phase: "idle", pair: null, media: { status: "none" } });
    chat.stop();
    await told(world, world.server.incoming("c1"));
    calls.accept();
    await told(world, ...world.server.taken("c1", "p1", credentials("p1")));
    expect(chat.state).toMatchObject({ phase: "connecting", pair: { id: "p1", call: "c1" } });
    expect(world.media).toMatchObject({ overlaps: 0, unleft: 0 });
  });

  it("hears of a stop in a call, and a Next searches", async () => {
    const world = new World();
    const [chat, calls] = await world.both();
    await told(world, world.server.incoming("c1"));
    calls.accept();
    await told(world, ...world.server.taken("c1", "p1"));
    chat.next();
    await settle();
    expect(world.server.last("next").pair).toBe("p1");
    expect(chat.state.phase).toBe("searching");
    expect(calls.state).toMatchObject({ phase: "idle", pair: null });
  });

  it("closes with it", async () => {
    const world = new World();
    const [chat, calls] = await world.both();
    await told(world, world.server.incoming("c1"));
    const closed = calls.close();
    await settle();
    await closed;
    expect(world.server.of("bye")).toHaveLength(1);
    expect(chat.state.connection.status).toBe("offline");
    expect(calls.state).toMatchObject({ phase: "idle", call: null });
    expect(vi.getTimerCount()).toBe(0);
  });
});
