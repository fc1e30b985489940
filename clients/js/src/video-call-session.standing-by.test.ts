/** A device that stands by, and loses its socket or its server. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rungStandingBy, sent, standingBy, told } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";
import type { VideoCallSession } from "./video-call-session.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** One that stands by, and has lost its socket. */
async function lost(world: World): Promise<VideoCallSession> {
  const calls = await standingBy(world);
  world.server.socket.close1006();
  await settle();
  return calls;
}

describe("devices that stand by", () => {
  it("go on standing by when their socket is lost, and ring again", async () => {
    const world = new World();
    const calls = await lost(world);
    expect(calls.state.connection).toEqual({ status: "standby", away: true });
    await settle(5_000);
    expect(calls.state.connection).toEqual({ status: "standby" });
    expect(world.server.received.map(({ type }) => type)).toEqual(["auth", "stand_by"]);
    await told(world, world.server.incoming("c1"));
    expect(calls.state.phase).toBe("incoming");
  });

  it("hear what rings already when they are back", async () => {
    const world = new World();
    const calls = await lost(world);
    world.server.state = world.server.ringing("c1", false);
    await settle(1_000);
    expect(calls.state).toMatchObject({ connection: { status: "standby" }, phase: "incoming", call: { id: "c1", alias: "peer-c1" } });
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1, null), call: "c1" }, null);
    calls.accept();
    await settle();
    expect(calls.state).toMatchObject({ connection: { status: "online" }, pair: { id: "p1" } });
  });

  it("fall silent when they are back and nothing rings any more", async () => {
    const world = new World();
    const calls = await rungStandingBy(world);
    world.server.socket.close1006();
    await settle();
    expect(calls.state.phase).toBe("incoming");
    await settle(1_000);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "lost" }, connection: { status: "standby" } });
  });

  it("ring on, without a break, when they are back in time", async () => {
    const world = new World();
    const calls = await rungStandingBy(world);
    world.server.state = world.server.ringing("c1", false);
    const phases = new Set<string>();
    calls.subscribe(() => phases.add(calls.state.phase));
    world.server.socket.close1006();
    await settle(1_000);
    expect(calls.state.connection).toEqual({ status: "standby" });
    expect([...phases]).toEqual(["incoming"]);
  });

  it("say again what was not answered", async () => {
    const world = new World();
    const calls = await rungStandingBy(world);
    world.server.state = world.server.ringing("c1", false);
    world.server.silent = true;
    calls.accept();
    await settle();
    world.server.socket.close1006();
    await settle();
    world.server.silent = false;
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1, null), call: "c1" }, null);
    await settle(1_000);
    expect(sent(world)).toEqual(["accept", "accept"]);
    expect(calls.state).toMatchObject({ connection: { status: "online" }, phase: "connecting", pair: { id: "p1" } });
  });

  it("try more and more rarely while the server is away, and by a new token when theirs is old", async () => {
    const world = new World();
    await standingBy(world);
    world.server.reachable = false;
    world.server.socket.close1006();
    await settle(16_000);
    expect(world.server.sockets).toHaveLength(7); // at 0.25, 0.75, 1.75, 3.75, 7.75 and 15.75 s
    world.server.reachable = true;
    await settle(10_000);
    world.server.socket.drop(4200);
    await settle(11_000);
    expect(world.tokensAsked.at(-1)).toBe(true);
    expect(world.server.received.map(({ type }) => type)).toEqual(["auth", "stand_by", "stand_by"]);
  });

  it.each(["between two links", "while the link comes up", "while the server is asked"])("take over when they are told to %s", async (moment) => {
    const world = new World();
    const calls = await lost(world);
    if (moment !== "between two links") {
      world.server.silent = moment === "while the server is asked";
      await settle(250);
      world.server.silent = false;
    }
    calls.takeOver();
    await settle(1_000);
    if (moment === "while the server is asked") world.server.push({ type: "standby", rev: world.server.rev });
    await settle(1_000);
    expect(calls.state.connection.status).toBe("online");
    expect(world.server.received.at(-1)?.type).toBe("auth");
  });

  it("keep their token fresh while they stand by", async () => {
    const world = new World();
    await lost(world);
    world.server.expiresInMs = 30_000;
    await settle(28_000);
    expect(world.server.of("refresh")).toMatchObject([{ token: "token-3" }]);
  });

  it("go where a draining server sends them, and stand by there", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.standBy();
    await told(world, { type: "drain", retry_after_ms: 2_000 });
    await settle(1_900);
    expect(world.server.sockets).toHaveLength(1);
    await settle(200);
    expect(world.server.of("stand_by")).toHaveLength(1);
    expect(calls.state.connection).toEqual({ status: "standby" });
  });

  it("end where an older server knows no way back but to take over", async () => {
    const world = new World();
    world.server.knowsStandBy = false;
    const calls = await lost(world);
    await settle(60_000);
    expect(calls.state.connection).toMatchObject({ status: "refused", code: 4303 });
    expect(world.server.sockets).toHaveLength(2);
    expect(vi.getTimerCount()).toBe(0);
    calls.takeOver();
    await settle();
    expect(calls.state.connection.status).toBe("online");
  });

  it("end where there are too many", async () => {
    const world = new World();
    const calls = await standingBy(world);
    world.server.socket.drop(4303);
    await settle(60_000);
    expect(calls.state.connection).toMatchObject({ status: "refused", code: 4303 });
    expect(world.server.sockets).toHaveLength(1);
  });
});
