/** Direct calls: each thing that can happen to one, over a whole session. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CallEnd} from "./protocol.gen.js";
import { type ErrorCode, type ServerMessage } from "./protocol.gen.js";
import { credentials } from "./testing/fake-server.js";
import { settle, World } from "./testing/world.js";
import type { VideoCallSession } from "./video-call-session.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

async function told(world: World, ...messages: ServerMessage[]): Promise<void> {
  for (const message of messages) world.server.push(message);
  await settle();
}

/** Who calls and hears that it rings. */
async function calling(world: World): Promise<VideoCallSession> {
  const calls = await world.calls();
  calls.call("link", "text");
  await told(world, world.server.rings("c1"));
  return calls;
}

/** Who is called. */
async function called(world: World): Promise<VideoCallSession> {
  const calls = await world.calls();
  await told(world, world.server.incoming("c1"));
  return calls;
}

/** Who talks, after a call on video. */
async function talking(world: World): Promise<VideoCallSession> {
  const calls = await called(world);
  calls.accept();
  await told(world, ...world.server.taken("c1", "p1", credentials("p1")));
  await told(world, { type: "talking", rev: world.server.next(), pair: "p1", since: Date.now() });
  return calls;
}

const sent = (world: World): string[] => world.server.received.filter((message) => "id" in message).map(({ type }) => type);

async function reconnect(world: World): Promise<void> {
  world.server.socket.close1006();
  await settle(1_000);
}

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

describe("several devices", () => {
  it("ring too, where they stand by, and fall silent when another one answers", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.standBy();
    await told(world, world.server.incoming("c1"));
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
    const calls = await world.calls();
    world.server.standBy();
    await told(world, world.server.incoming("c1"));
    calls.decline();
    await settle();
    expect(world.server.applied.size).toBe(1);
    expect(calls.state.connection.status).toBe("standby");
  });

  it("may accept, and are the active one by that; what is said meanwhile waits for it", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.standBy();
    await told(world, world.server.incoming("c1"));
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
    const calls = await world.calls();
    world.server.standBy();
    await told(world, world.server.incoming("c1"));
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
    const calls = await world.calls();
    world.server.standBy();
    await settle();
    calls.call("link", "text");
    await settle();
    await told(world, world.server.rings("c1"));
    expect(calls.state).toMatchObject({ connection: { status: "online" }, phase: "outgoing", call: { id: "c1" } });
    expect(world.server.received.map(({ type }) => type)).toEqual(["auth", "auth", "call"]);
    expect(world.server.sockets).toHaveLength(1);
  });

  it("take over when they are told to, with whatever goes on", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.standBy();
    await settle();
    world.server.state = world.server.inPair({ ...world.server.matched("p1", 1), call: "c1" }, Date.now());
    calls.takeOver();
    await settle();
    expect(calls.state).toMatchObject({ connection: { status: "online" }, phase: "talking", pair: { id: "p1" } });
  });

  /** One that stands by, and has lost its socket. */
  async function lost(world: World): Promise<VideoCallSession> {
    const calls = await world.calls();
    world.server.standBy();
    await settle();
    world.server.socket.close1006();
    await settle();
    return calls;
  }

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
    const calls = await world.calls();
    world.server.standBy();
    await told(world, world.server.incoming("c1"));
    world.server.socket.close1006();
    await settle();
    expect(calls.state.phase).toBe("incoming");
    await settle(1_000);
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "lost" }, connection: { status: "standby" } });
  });

  it("ring on, without a break, when they are back in time", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.standBy();
    await told(world, world.server.incoming("c1"));
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
    const calls = await world.calls();
    world.server.standBy();
    await told(world, world.server.incoming("c1"));
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
    await world.calls();
    world.server.standBy();
    await settle();
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
    const calls = await world.calls();
    world.server.standBy();
    await settle();
    world.server.socket.drop(4303);
    await settle(60_000);
    expect(calls.state.connection).toMatchObject({ status: "refused", code: 4303 });
    expect(world.server.sockets).toHaveLength(1);
  });

  it("tell the link once they do not stand by any more", async () => {
    const world = new World();
    const calls = await world.calls();
    world.server.standBy();
    await settle();
    calls.link({ renew: true });
    await settle();
    expect(calls.state.notice).toBeNull();
    calls.takeOver();
    await told(world, { type: "personal_link", link: "mine" });
    expect(world.server.of("call_link")).toMatchObject([{ renew: true }, { renew: true }]);
    expect(calls.state.link).toBe("mine");
  });
});

describe("the personal link", () => {
  it("is told when it is asked for, and changes when it is renewed", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.link();
    await told(world, { type: "personal_link", link: "old" });
    expect(calls.state.link).toBe("old");
    calls.link({ renew: true });
    await told(world, { type: "personal_link", link: "new" });
    expect(calls.state.link).toBe("new");
    expect(world.server.of("call_link").map(({ renew }) => renew)).toEqual([false, true]);
  });

  it("is not to be had where nobody may call", async () => {
    const world = new World();
    world.server.onCommand = () => ({ code: "not_available", message: "", temporary: false });
    const calls = await world.calls();
    calls.link();
    await settle();
    expect(calls.state).toMatchObject({ link: null, notice: { code: "not_available" } });
  });
});

describe("a block", () => {
  it("ends what rings, by the name of the call", async () => {
    const world = new World();
    const calls = await called(world);
    calls.block();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "declined", by: "me", blocked: true } });
    await settle();
    expect(world.server.last("block").pair).toBe("c1");
    expect(sent(world)).toEqual(["block", "decline"]);
  });

  it("reaches back to a call that came to nothing, and can be said again when it is refused", async () => {
    const world = new World();
    const calls = await called(world);
    await told(world, world.server.callOver("c1", "cancelled"));
    world.server.onCommand = () => ({ code: "unavailable", message: "", temporary: true });
    calls.block();
    expect(calls.state.ended?.blocked).toBe(true);
    await settle();
    expect(calls.state).toMatchObject({ ended: { blocked: false }, notice: { code: "unavailable" } });
    world.server.onCommand = () => null;
    calls.block();
    await settle();
    expect(calls.state.ended?.blocked).toBe(true);
    expect(world.server.of("block").map(({ pair }) => pair)).toEqual(["c1", "c1"]);
  });

  it("and a report end the talk, as in a random chat", async () => {
    const world = new World();
    const calls = await talking(world);
    calls.report("spam", "why");
    await settle();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reported: true, blocked: true, by: "me" } });
    expect(world.server.last("report")).toMatchObject({ pair: "p1", reason: "spam" });
  });

  it("after a talk is of that pair", async () => {
    const world = new World();
    const calls = await talking(world);
    calls.hangUp();
    calls.block();
    await settle();
    expect(calls.state.ended?.blocked).toBe(true);
    expect(world.server.last("block").pair).toBe("p1");
  });

  it("without a call or a talk is of nobody", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.block();
    calls.report("spam", "");
    await settle();
    expect(sent(world)).toEqual([]);
  });
});

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

it("gives the same state as long as nothing changes", async () => {
  const world = new World();
  const calls = await called(world);
  const { state } = calls;
  calls.dismissNotice();
  expect(calls.state.call).toBe(state.call);
  await settle(10);
  expect(calls.state).toBe(calls.state);
});
