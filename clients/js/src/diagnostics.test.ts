/** What a session tells of itself when something goes wrong, to the server and to developers. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import manifest from "../package.json" with { type: "json" };
import type { Diagnostics } from "./protocol.gen.js";
import type { RandomChatSession } from "./random-chat-session.js";
import { settle, World } from "./testing/world.js";
import { VERSION } from "./version.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const told = (world: World): Diagnostics => world.server.last("diagnostics");

/** A session whose join is under way. */
async function joining(world: World): Promise<RandomChatSession> {
  world.media.easy = false;
  const session = await world.online();
  session.find({ mode: "video" });
  world.server.push(world.server.matched("a", 1));
  await settle();
  return session;
}

describe("one report", () => {
  it.each<[string, (world: World) => void | Promise<void>]>([
    ["connect_failed", ({ media }) => media.lastJoin.fail("livekit NotAllowed")],
    ["connect_timeout", () => settle(8_100)],
  ])("tells of a join that ends in %s", async (cause, happen) => {
    const world = new World();
    world.media.inspection = { ...world.media.inspection, room: "connecting", connections: [{ connection: "new", ice: "new", signaling: "have-local-offer" }] };
    await joining(world);
    await happen(world);
    await settle(100);
    expect(world.server.of("diagnostics")).toHaveLength(1);
    expect(told(world)).toMatchObject({
      cause,
      trail: ["online", "find", "matched", "join"],
      report: { room_connecting: true, room_connected: false, pc_open: 1, pc_connected: false, pc_built: 1, livekit_version: 22_300 },
    });
  });

  it.each<[string, (world: World) => void | Promise<void>]>([
    ["lost", ({ media }) => media.lastJoin.events.failed("disconnected ROOM_DELETED")],
    ["mismatch", ({ media }) => media.lastJoin.events.failed("disconnected STATE_MISMATCH")],
    ["reconnect_timeout", async ({ media }) => {
      media.lastJoin.events.reconnecting();
      await settle(20_100);
    }],
  ])("tells of a talk that ends in %s", async (cause, happen) => {
    const world = new World();
    await world.talking();
    await happen(world);
    await settle();
    expect(world.server.of("diagnostics")).toHaveLength(1);
    expect(told(world)).toMatchObject({ cause, report: { epoch: 1 } });
    expect(told(world).trail?.slice(0, 6)).toEqual(["online", "find", "matched", "join", "joined", "talking"]);
  });

  it("has the states of the moment, before anything was cleaned up", async () => {
    const world = new World();
    const session = await world.talking();
    world.media.inspection = { ...world.media.inspection, room: "connected" };
    world.media.lastJoin.events.failed("mismatch connected none");
    world.media.inspection = { ...world.media.inspection, room: "none" };
    await settle();
    expect(session.diagnostics()).toMatchObject({ session: { media: "failed" }, media: { room: "none" } });
    expect(session.diagnostics().reports).toMatchObject([{ cause: "mismatch", session: { media: "connected", phase: "talking" }, media: { room: "connected" } }]);
    expect(told(world).report).toMatchObject({ believed_connected: true, room_connected: true, pc_open: 0 });
  });

  it("waits until the server can hear it", async () => {
    const world = new World();
    await world.talking();
    world.server.reachable = false;
    world.server.socket.close1006();
    await settle();
    world.media.lastJoin.events.failed("disconnected SIGNAL_CLOSE");
    await settle();
    expect(world.server.of("diagnostics")).toEqual([]);
    world.server.reachable = true;
    world.server.state = world.server.inPair(world.server.matched("a", 1), null);
    await settle(60_000);
    expect(told(world)).toMatchObject({ cause: "lost" });
  });
});

describe("connections built", () => {
  it("are told once a person rests, each one once", async () => {
    const world = new World();
    const session = await world.talking();
    world.media.ledger = { built: 3, live: 0, swept: 0 };
    session.stop();
    await settle();
    expect(told(world)).toMatchObject({ report: { pc_built: 3, pc_swept: 0, pc_live: 0 } });
    expect(told(world)).not.toHaveProperty("cause");
    session.find({ mode: "text" });
    session.stop();
    await settle();
    expect(world.server.of("diagnostics")).toHaveLength(1);
  });

  it("are told when a search is stopped that followed a talk", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.push(world.server.ended("a", { waiting: world.server.waiting(2) }));
    await settle();
    expect(world.server.of("diagnostics")).toEqual([]);
    session.stop();
    await settle();
    expect(told(world).report["pc_built"]).toBe(1);
  });

  it("are told when the session is closed in a talk", async () => {
    const world = new World();
    const closed = (await world.talking()).close();
    await settle();
    await closed;
    expect(told(world).report).toMatchObject({ pc_built: 1 });
  });

  it("are told now and then by who never rests", async () => {
    const world = new World();
    const session = await world.talking();
    for (let attempt = 2; attempt <= 25; attempt++) {
      session.next();
      world.server.push(world.server.matched(`pair-${attempt}`, attempt));
      await settle();
    }
    expect(world.server.of("diagnostics").map(({ report }) => report["pc_built"])).toEqual([20]);
  });

  it("are told again when the server was too busy to hear it", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.onCommand = ({ type }) => (type === "diagnostics" ? { code: "rate_limited", message: "", temporary: true } : null);
    session.stop();
    await settle();
    world.server.onCommand = () => null;
    session.find({ mode: "video" });
    world.server.push(world.server.matched("b", 2));
    await settle();
    session.stop();
    await settle();
    expect(told(world).report["pc_built"]).toBe(2);
  });
});

describe("what developers see", () => {
  it("is bounded, however long it goes wrong", async () => {
    const world = new World();
    const session = await world.talking();
    for (let attempt = 2; attempt <= 60; attempt++) {
      world.media.lastJoin.events.failed("disconnected SERVER_SHUTDOWN");
      session.next();
      world.server.push(world.server.matched(`pair-${attempt}`, attempt));
      await settle();
    }
    expect(session.diagnostics().trail).toHaveLength(50);
    expect(session.diagnostics().reports).toHaveLength(5);
    expect(Math.max(...world.server.of("diagnostics").map(({ trail }) => trail?.length ?? 0))).toBe(50);
  });

  it("is about nobody", async () => {
    const world = new World();
    const session = await world.talking();
    session.sendChat("meet me at noon");
    world.media.lastJoin.events.failed("disconnected because of ana@example.org");
    await settle();
    const all = JSON.stringify([session.diagnostics(), world.server.of("diagnostics")]);
    for (const secret of ["noon", "alias-a", "token-", "media.test", "example.org", "p1"]) expect(all).not.toContain(secret);
  });

  it("names the version of this package", () => {
    expect(VERSION).toBe(manifest.version);
  });
});
