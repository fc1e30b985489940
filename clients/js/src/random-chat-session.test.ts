import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { World, settle } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("finds, meets, talks, chats and moves on", async () => {
  const world = new World();
  const { server, media } = world;
  const session = await world.online();
  session.find({ mode: "video", interests: ["chess"] });
  expect(session.state).toMatchObject({ phase: "searching", waiting: { attempt: 1, waitingCount: null } });
  await settle();
  expect(server.last("find")).toMatchObject({ attempt: 1, filters: { mode: "video", interests: ["chess"], auto_next: true } });

  server.push(server.waiting(1));
  await settle();
  expect(session.state.waiting).toMatchObject({ waitingCount: 3, estimateMs: 2_000 });

  server.push(server.matched("a", 1));
  await settle(120);
  expect(session.state).toMatchObject({ phase: "connecting", waiting: null, pair: { id: "a" }, media: { status: "connected" } });
  expect(server.last("media")).toMatchObject({ pair: "a", event: "connected" });

  media.lastJoin.events.remote({ video: "picture", audio: "sound" });
  media.lastJoin.events.firstFrame();
  server.push({ type: "talking", rev: server.next(), pair: "a", since: Date.now() });
  await settle();
  expect(session.state.phase).toBe("talking");
  expect(session.remote).toEqual({ video: "picture", audio: "sound" });
  expect(server.last("media")).toMatchObject({ event: "first_frame", ms: 120 });

  session.sendChat("  hello ");
  expect(session.state.chat).toMatchObject([{ mine: true, n: 1, text: "hello", pending: true }]);
  await settle();
  server.push({ type: "chat", pair: "a", n: 1, text: "hi", at: Date.now() });
  await settle();
  expect(session.state.chat).toMatchObject([{ pending: false }, { mine: false, text: "hi" }]);

  session.next();
  expect(session.state).toMatchObject({ phase: "searching", pair: null, ended: null });
  expect(session.remote).toEqual({ video: null, audio: null });
  await settle();
  expect(server.last("next")).toMatchObject({ pair: "a", attempt: 2 });
  server.push(server.ended("a", { by: "me", waiting: server.waiting(2) }));
  server.push(server.matched("b", 2));
  await settle();
  expect(session.state).toMatchObject({ phase: "connecting", pair: { id: "b" }, chat: [] });
  expect(media.log).toEqual(["join token-a", "leave", "join token-b"]);
  expect(media.overlaps).toBe(0);
});

describe("text", () => {
  it("is connected as soon as the partner is there, without media", async () => {
    const world = new World();
    const session = await world.online({ media: null });
    session.find({ mode: "text" });
    await settle();
    world.server.push(world.server.matched("a", 1, null));
    await settle();
    expect(world.server.last("media")).toMatchObject({ pair: "a", event: "connected" });
    expect(session.state.media).toEqual({ status: "none" });
  });

  it("shows that the partner types, for a while", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.push({ type: "typing", pair: "a" });
    await settle();
    expect(session.state.pair?.peerTypingUntil).toBe(Date.now() + 4_000);
    await settle(4_000);
    expect(session.state.pair?.peerTypingUntil).toBe(0);
  });

  it("tells that the person types at most every 2 s", async () => {
    const world = new World();
    const session = await world.talking();
    for (let n = 0; n < 30; n += 1) {
      session.typing();
      await settle(100);
    }
    expect(world.server.of("typing")).toHaveLength(2);
  });

  it("takes a repeated line once", async () => {
    const world = new World();
    const session = await world.talking();
    for (let n = 0; n < 2; n += 1) world.server.push({ type: "chat", pair: "a", n: 1, text: "hi", at: Date.now() });
    world.server.push({ type: "chat", pair: "z", n: 1, text: "of another pair", at: Date.now() });
    await settle();
    expect(session.state.chat).toHaveLength(1);
  });
});

describe("a reload", () => {
  it("comes back into the talk with its lines, joins anew, and counts on", async () => {
    const world = new World();
    await world.talking();
    const lines = [{ mine: true, n: 4, text: "before", at: Date.now() }];
    world.server.state = world.server.inPair(world.server.matched("a", 7), Date.now() - 5_000, lines);
    const session = await world.online();
    expect(session.state).toMatchObject({ phase: "talking", pair: { id: "a" }, media: { status: "connected" } });
    expect(session.state.chat).toMatchObject([{ text: "before", pending: false }]);
    session.sendChat("after");
    session.next();
    await settle();
    expect(world.server.last("chat").n).toBe(5);
    expect(world.server.last("next")).toMatchObject({ attempt: 8, filters: { mode: "video" } });
  });

  it("comes back into the queue", async () => {
    const world = new World();
    world.server.state = { kind: "waiting", waiting: world.server.waiting(3) };
    const session = await world.online();
    expect(session.state).toMatchObject({ phase: "searching", waiting: { attempt: 3 } });
  });

  it("waits for the room that is still being made", async () => {
    const world = new World();
    world.server.state = world.server.inPair({ ...world.server.matched("a", 1), media: null }, null);
    const session = await world.online();
    expect(session.state.media.status).toBe("connecting");
    expect(world.media.joins).toHaveLength(0);
    world.server.push({ ...world.server.matched("a", 1), rev: 1 }); // no newer than the snapshot
    await settle();
    expect(session.state.media.status).toBe("connected");
  });
});

describe("a lost socket", () => {
  it("keeps the media of the same pair, and says again that it is up", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.state = world.server.inPair(world.server.matched("a", 1), null);
    world.server.socket.drop(1006);
    await settle(1_000);
    expect(session.state).toMatchObject({ phase: "connecting", connection: { status: "online" } });
    expect(world.media.joins).toHaveLength(1);
    expect(world.server.of("media")).toHaveLength(2);
  });

  it("joins again when the media was lost meanwhile", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.state = world.server.inPair(world.server.matched("a", 1), Date.now());
    world.server.socket.drop(1006);
    await settle();
    world.media.lastJoin.events.failed("gone");
    await settle(1_000);
    expect(world.media.joins).toHaveLength(2);
    expect(session.state.media.status).toBe("connected");
  });

  it("ends a pair that the server no longer knows, and searches on", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.state = { kind: "idle" };
    world.server.socket.drop(1006);
    await settle(1_000);
    expect(session.state).toMatchObject({ phase: "searching", ended: { reason: "lost", alias: "alias-a" } });
    expect(world.server.last("find").attempt).toBe(2);
  });

  it("does not bring back a pair that the person has left meanwhile", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.state = world.server.inPair(world.server.matched("a", 1), Date.now());
    world.server.socket.drop(1006);
    await settle();
    session.next();
    await settle(1_000);
    expect(session.state).toMatchObject({ phase: "searching", pair: null });
    expect(world.server.last("next")).toMatchObject({ pair: "a", attempt: 2 });
    expect(world.media.joins).toHaveLength(1);
  });
});

describe("media", () => {
  it("is left before it is joined again, when Next comes during a join", async () => {
    const world = new World();
    world.media.easy = false;
    world.media.leaveMs = 50;
    const session = await world.online();
    session.find({ mode: "video" });
    await settle();
    world.server.push(world.server.matched("a", 1));
    await settle();
    session.next();
    world.server.push(world.server.matched("b", 2));
    await settle(20);
    expect(world.media.log).toEqual(["join token-a", "abort token-a"]);
    await settle(200);
    expect(world.media.log).toEqual(["join token-a", "abort token-a", "leave", "join token-b"]);
    expect(world.media.overlaps).toBe(0);
    expect(world.server.of("media")).toEqual([]); // an aborted join is no failure
    world.media.lastJoin.succeed();
    await settle();
    expect(world.server.of("media")).toMatchObject([{ pair: "b", event: "connected" }]);
  });

  it("never overlaps, however wildly Next is pressed", async () => {
    const world = new World();
    world.media.leaveMs = 40;
    const session = await world.online();
    session.find({ mode: "video" });
    for (let n = 1; n <= 40; n += 1) {
      world.media.easy = n % 3 !== 0;
      world.server.push(world.server.matched(`p${n}`, n));
      await settle((n * 17) % 90);
      session.next();
      await settle((n * 7) % 30);
    }
    await settle(1_000);
    expect(world.media.overlaps).toBe(0);
    expect(world.media.log.filter((line) => line === "leave")).toHaveLength(world.media.joins.length);
  });

  it("of an older join is not listened to", async () => {
    const world = new World();
    const session = await world.talking();
    const old = world.media.lastJoin;
    session.next();
    world.server.push(world.server.matched("b", 2));
    await settle();
    old.events.failed("late");
    old.events.remote({ video: "stranger", audio: null });
    old.events.firstFrame();
    await settle();
    expect(session.state.media).toEqual({ status: "connected" });
    expect(session.remote.video).toBeNull();
    expect(world.server.of("media").filter(({ event }) => event !== "connected")).toEqual([]);
  });

  it("that does not come up within 8 s has failed", async () => {
    const world = new World();
    world.media.easy = false;
    const session = await world.online();
    session.find({ mode: "video" });
    world.server.push(world.server.matched("a", 1));
    await settle(8_100);
    expect(world.server.last("media")).toMatchObject({ event: "failed", detail: "timeout" });
    expect(session.state.media).toMatchObject({ status: "failed" });
    world.server.push(world.server.ended("a", { reason: "media_failed", by: "peer", waiting: world.server.waiting(2) }));
    await settle();
    expect(session.state).toMatchObject({ phase: "searching", ended: { reason: "media_failed", talkedMs: null } });
  });

  it("tells failures in one word", async () => {
    const world = new World();
    world.media.easy = false;
    const session = await world.online();
    session.find({ mode: "video" });
    world.server.push(world.server.matched("a", 1));
    await settle();
    world.media.lastJoin.fail("camera: Denied!");
    await settle();
    expect(world.server.last("media").detail).toBe("camera_denied");
  });

  it("may reconnect within its budget, and else the talk goes on with somebody else", async () => {
    const world = new World();
    const session = await world.talking();
    const { events } = world.media.lastJoin;
    events.reconnecting();
    expect(session.state.media.status).toBe("reconnecting");
    await settle(9_000);
    events.connected();
    expect(session.state.media.status).toBe("connected");
    events.reconnecting();
    await settle(8_000);
    events.reconnecting(); // the library has seen it, too: no second budget
    await settle(12_100);
    expect(world.server.last("media")).toMatchObject({ event: "failed", detail: "reconnect_timeout" });
    await settle(5_000);
    expect(world.server.last("next")).toMatchObject({ pair: "a" });
  });

  it("that is in trouble casts doubt on the socket: it is asked for a sign of life", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.silent = true;
    world.media.lastJoin.events.reconnecting();
    await settle(4_100);
    expect(session.state.connection.status).not.toBe("online");
  });

  it("is switched while a join is in flight, and the partner is told", async () => {
    const world = new World();
    world.media.easy = false;
    const session = await world.online();
    session.find({ mode: "video" });
    world.server.push(world.server.matched("a", 1));
    await settle();
    session.setMicrophone(false);
    await settle();
    expect(world.media.log).toContain("microphone false");
    expect(world.server.last("mute")).toMatchObject({ pair: "a", audio: true, video: false });
  });

  it("that leaked connections is reported", async () => {
    const world = new World();
    const session = await world.talking();
    const leave = world.media.leave.bind(world.media);
    world.media.leave = () => {
      world.media.ledger = { built: 3, live: 0, swept: 2 };
      return leave();
    };
    session.next();
    await settle();
    expect(world.server.last("diagnostics")).toMatchObject({ cause: "leaked", report: { pc_built: 3, pc_live: 0, pc_swept: 2 } });
  });
});

describe("old news", () => {
  it("of a smaller or equal rev is dropped", async () => {
    const world = new World();
    const session = await world.talking();
    const before = session.state;
    world.server.push({ ...world.server.ended("a"), rev: 2 });
    world.server.push({ ...world.server.matched("b", 2), rev: 1 });
    await settle();
    expect(session.state).toBe(before);
  });

  it("is not: the same wait with fresh numbers", async () => {
    const world = new World();
    const session = await world.online();
    session.find({ mode: "video" });
    const waiting = world.server.waiting(1);
    world.server.push(waiting);
    world.server.push({ ...waiting, waiting_count: 9 });
    await settle();
    expect(session.state.waiting?.waitingCount).toBe(9);
  });

  it("of another pair changes nothing", async () => {
    const world = new World();
    const session = await world.talking();
    const before = session.state;
    world.server.push(world.server.ended("z"));
    world.server.push({ type: "talking", rev: world.server.next(), pair: "z", since: 1 });
    world.server.push({ type: "peer", pair: "z", event: "muted", audio: true });
    await settle();
    expect(session.state).toBe(before);
  });
});

describe("the partner", () => {
  it("is seen to be away, back and muted", async () => {
    const world = new World();
    const session = await world.talking();
    const until = Date.now() + 15_000;
    world.server.push({ type: "peer", pair: "a", event: "reconnecting", until });
    world.server.push({ type: "peer", pair: "a", event: "muted", audio: true, video: false });
    await settle();
    expect(session.state.pair).toMatchObject({ peerAwayUntil: until, peerMuted: { audio: true, video: false } });
    world.server.push({ type: "peer", pair: "a", event: "back" });
    await settle();
    expect(session.state.pair?.peerAwayUntil).toBeNull();
  });
});
