import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TokenError } from "./errors.js";
import { CloseCode } from "./protocol.gen.js";
import { OUTBOX_LIMIT } from "./outbox.js";
import type { RandomChatSession } from "./random-chat-session.js";
import { World, settle } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("handshake", () => {
  it("speaks the subprotocol and authenticates after hello", async () => {
    const world = new World();
    const session = await world.online();
    expect(world.server.socket.protocol).toBe("duologue.v1");
    expect(world.server.received).toMatchObject([{ type: "auth", token: "token-1" }]);
    expect(session.state.connection).toEqual({ status: "online" });
  });

  it("resumes with the kept token after a reload, and asks for no other", async () => {
    const world = new World();
    await world.online();
    await world.online();
    expect(world.server.last("resume").resume_token).toBe("resume-1");
    expect(world.tokensAsked).toHaveLength(1);
  });

  it("authenticates on the same socket when the session is invalid", async () => {
    const world = new World();
    world.kept.set("duologue.resume", "old");
    world.server.onResume = () => "retry";
    const session = await world.online();
    expect(world.server.sockets).toHaveLength(1);
    expect(world.server.received.map(({ type }) => type)).toEqual(["resume", "auth"]);
    expect(session.state.connection.status).toBe("online");
  });

  it("does not come back to a server of another version", async () => {
    const world = new World();
    const session = world.session();
    session.start();
    world.server.deaf = true;
    await settle();
    world.server.socket.deliver({ type: "hello", v: "duologue.v9", heartbeat_ms: 1, pong_wait_ms: 1, max_bytes: 1, server_time: 0 });
    await settle(60_000);
    expect(session.state.connection).toMatchObject({ status: "refused", code: CloseCode.UNSUPPORTED_VERSION });
    expect(world.server.sockets).toHaveLength(1);
  });

  it("waits as long as the token's refusal says, and stops when it is final", async () => {
    const errors = [new TokenError("slow down", false, 3_000), new TokenError("no", true)];
    const world = new World({ token: () => Promise.reject(errors.shift() ?? new Error("asked too often")) });
    const session = await world.online();
    expect(session.state.connection).toMatchObject({ status: "reconnecting", retryAt: Date.now() + 3_000 });
    await settle(3_000);
    expect(session.state.connection).toMatchObject({ status: "refused", code: CloseCode.INVALID_TOKEN });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a session that is about to expire", () => {
  const SESSION_MS = 30_000;

  it("is renewed before, and again before the new one ends", async () => {
    const world = new World();
    world.server.expiresInMs = SESSION_MS;
    await world.online();
    await settle(0.8 * SESSION_MS);
    expect(world.server.of("refresh")).toMatchObject([{ token: "token-2" }]);
    expect(world.kept.get("duologue.resume")).toBe("refreshed-1");
    await settle(0.8 * SESSION_MS);
    expect(world.server.of("refresh")).toHaveLength(2);
    expect(world.tokensAsked).toEqual([false, true, true]);
  });

  it("tries again in what is left when there is no token", async () => {
    const tokens = ["first", null, "later"];
    const world = new World({ token: () => Promise.resolve(tokens.shift() ?? Promise.reject(new Error("away"))) });
    world.server.expiresInMs = SESSION_MS;
    await world.online();
    await settle(0.8 * SESSION_MS);
    expect(world.server.of("refresh")).toEqual([]);
    await settle(0.16 * SESSION_MS);
    expect(world.server.of("refresh")).toMatchObject([{ token: "later" }]);
  });

  it("asks for nothing after it was closed", async () => {
    const world = new World();
    world.server.expiresInMs = SESSION_MS;
    const session = await world.online();
    await session.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("coming back", () => {
  /** How long it stays away each time, from a server that is gone. */
  async function delays(world: World, session: RandomChatSession, tries: number): Promise<number[]> {
    world.server.reachable = false;
    world.server.socket.drop(1006);
    const waits: number[] = [];
    for (let n = 0; n < tries; n += 1) {
      await settle();
      const { connection } = session.state;
      if (connection.status !== "reconnecting") throw new Error(connection.status);
      waits.push(connection.retryAt - Date.now());
      await settle(connection.retryAt - Date.now());
    }
    return waits;
  }

  it("backs off with jitter, the first attempt too", async () => {
    const world = new World();
    const session = await world.online();
    expect(await delays(world, session, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it("tries again before the seat is given up, and after that as ever", async () => {
    const world = new World();
    world.server.seatMs = 15_000;
    const session = await world.online();
    expect(await delays(world, session, 9)).toEqual([250, 500, 1_000, 2_000, 4_000, 3_625, 1_813, 906, 10_000]);
  });

  it("holds to the seat of the last connection, not of one before", async () => {
    const world = new World();
    world.server.seatMs = 15_000;
    const session = await world.online();
    world.server.seatMs = null;
    world.server.socket.drop(1006);
    await settle(6_000);
    expect(await delays(world, session, 7)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]);
  });

  it("starts the back-off anew only after a connection that lasted", async () => {
    const world = new World();
    const session = await world.online();
    world.server.socket.drop(4001);
    await settle(250);
    world.server.socket.drop(4001);
    await settle();
    expect(session.state.connection).toMatchObject({ status: "reconnecting", attempt: 2 });
    await settle(500 + 6_000);
    world.server.socket.drop(4001);
    await settle();
    expect(session.state.connection).toMatchObject({ status: "reconnecting", attempt: 1 });
  });

  it("starts it anew, too, after a connection that lasted until its server drained", async () => {
    const world = new World();
    const session = await world.online();
    await delays(world, session, 2);
    world.server.reachable = true;
    await settle(10_000);
    world.server.reachable = false;
    world.server.push({ type: "drain", retry_after_ms: 600 });
    await settle(600);
    expect(session.state.connection).toMatchObject({ status: "reconnecting", attempt: 1 });
  });

  it.each([CloseCode.REPLACED, CloseCode.BANNED, 1002])("never does after %i", async (code) => {
    const world = new World();
    const session = await world.online();
    world.server.socket.drop(code);
    await settle(120_000);
    expect(session.state.connection).toMatchObject({ status: "refused", code });
    expect(world.server.sockets).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("gets a new token first after 42xx", async () => {
    const world = new World();
    await world.online();
    world.server.socket.drop(CloseCode.TOKEN_EXPIRED);
    await settle(1_000);
    expect(world.tokensAsked).toEqual([false, true]);
    expect(world.server.last("auth").token).toBe("token-2");
  });

  it("waits after 41xx", async () => {
    const world = new World();
    await world.online();
    world.server.socket.drop(CloseCode.OVERLOADED);
    await settle(4_900);
    expect(world.server.sockets).toHaveLength(1);
    await settle(200);
    expect(world.server.sockets).toHaveLength(2);
  });

  it("waits as long as it was told before a close", async () => {
    const world = new World();
    await world.online();
    world.server.push({ type: "drain", retry_after_ms: 9_000 });
    await settle();
    world.server.socket.drop(CloseCode.RATE_LIMITED);
    await settle(8_900);
    expect(world.server.sockets).toHaveLength(1);
    await settle(200);
    expect(world.server.sockets).toHaveLength(2);
  });

  it("backs off from a server that always tells the same short delay", async () => {
    const world = new World();
    const session = await world.online();
    const delays: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      world.server.push({ type: "drain", retry_after_ms: 600 });
      await settle();
      world.server.socket.drop(CloseCode.OVERLOADED);
      await settle();
      const { connection } = session.state;
      if (connection.status !== "reconnecting") throw new Error(connection.status);
      delays.push(connection.retryAt - Date.now());
      await settle(connection.retryAt - Date.now());
    }
    expect(delays).toEqual([600, 600, 1_000, 2_000, 4_000, 8_000]);
  });

  it("goes when another session of the person became the active one", async () => {
    const world = new World();
    const session = await world.online();
    world.server.push({ type: "standby", rev: 7 });
    await settle(60_000);
    expect(session.state.connection).toMatchObject({ status: "refused", code: CloseCode.REPLACED });
    expect(world.server.sockets).toHaveLength(1);
    expect(world.server.of("bye")).toEqual([]);
  });

  it("leaves a draining process when told, without a goodbye", async () => {
    const world = new World();
    await world.online();
    world.server.push({ type: "drain", retry_after_ms: 2_000 });
    await settle(1_900);
    expect(world.server.sockets).toHaveLength(1);
    await settle(200);
    expect(world.server.sockets).toHaveLength(2);
    expect(world.server.of("bye")).toEqual([]);
    expect(world.server.of("resume")).toHaveLength(1);
  });

  it("does not wait for the countdown when the person or the network says so", async () => {
    for (const hurry of ["person", "resumed", "visible"] as const) {
      const world = new World();
      const session = await world.online();
      world.server.socket.drop(CloseCode.OVERLOADED);
      await settle();
      if (hurry === "person") session.reconnectNow();
      else world.tell(hurry);
      await settle();
      expect(session.state.connection.status).toBe("online");
      await session.close();
    }
  });
});

describe("silence", () => {
  it("of heartbeat and pong wait means that the server is gone", async () => {
    const world = new World();
    await world.online();
    await settle(34_000);
    world.server.push({ type: "ping" });
    await settle(34_900);
    expect(world.server.of("pong")).toHaveLength(1);
    expect(world.server.sockets).toHaveLength(1);
    await settle(400);
    expect(world.server.sockets).toHaveLength(2);
  });

  it("during the handshake ends it", async () => {
    const world = new World();
    world.server.silent = true;
    const session = await world.online();
    await settle(10_000);
    expect(session.state.connection.status).toBe("reconnecting");
  });

  it("after the network came back is not borne for long", async () => {
    const world = new World();
    await world.online();
    world.server.silent = true;
    world.tell("resumed");
    await settle(4_300);
    expect(world.server.sockets).toHaveLength(2);
  });

  it("is fine when the probe was answered", async () => {
    const world = new World();
    await world.online();
    world.tell("hidden");
    await settle(10_000);
    expect(world.server.last("hidden").value).toBe(true);
    expect(world.server.sockets).toHaveLength(1);
  });
});

describe("the page", () => {
  it("closes without a goodbye when it is frozen, and resumes when it is back", async () => {
    const world = new World();
    const session = await world.online();
    const first = world.server.socket;
    world.tell("frozen");
    await settle(60_000);
    expect(first.closedByClient).toBe(3001);
    expect(world.server.of("bye")).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
    world.tell("resumed");
    await settle();
    expect(world.server.of("resume")).toHaveLength(1);
    expect(session.state.connection.status).toBe("online");
  });

  it("leaves the closing to the browser when it goes for good", async () => {
    const world = new World();
    await world.online();
    world.tell("unloading");
    expect(world.server.socket.closedByClient).toBeNull();
    expect(vi.getTimerCount()).toBe(0);
    await settle();
    expect(world.server.of("bye")).toEqual([]);
  });
});

describe("commands", () => {
  it("are said again with the same id until they are answered, and done once", async () => {
    const world = new World();
    const session = await world.online();
    world.server.silent = true;
    session.find({ mode: "video" });
    await settle();
    world.server.socket.drop(1006);
    world.server.silent = false;
    await settle(1_000);
    const [first, second] = world.server.of("find");
    expect(first?.id).toBe(second?.id);
    expect(world.server.applied.size).toBe(1);
    world.server.state = { kind: "waiting", waiting: world.server.waiting(1) };
    world.server.socket.drop(1006);
    await settle(5_000);
    expect(world.server.of("find")).toHaveLength(2);
  });

  it("have different ids", async () => {
    const world = new World();
    const session = await world.online();
    session.find({ mode: "video" });
    session.stop();
    session.find({ mode: "video" });
    await settle();
    expect(new Set(world.server.applied.keys()).size).toBe(3);
  });

  it("are refused beyond the bound of the queue", async () => {
    const world = new World();
    const session = await world.talking();
    world.server.silent = true;
    for (let n = 0; n <= OUTBOX_LIMIT; n += 1) session.sendChat(`line ${n}`);
    expect(session.state.chat.filter((line) => line.pending)).toHaveLength(OUTBOX_LIMIT);
    expect(session.state.chat.at(-1)).toMatchObject({ refused: true });
    expect(session.state.notice?.code).toBe("unavailable");
  });

  it("of one person are not said for another", async () => {
    const world = new World();
    const session = await world.online();
    world.server.silent = true;
    session.find({ mode: "video" });
    await settle();
    world.server.silent = false;
    world.server.person = "p2";
    world.server.socket.drop(1006);
    await settle(1_000);
    const [old, anew] = world.server.of("find");
    expect(anew?.id).not.toBe(old?.id); // the wish goes on, as a new command
    expect(anew?.attempt).toBe(2);
  });
});

describe("closing", () => {
  it("says goodbye, forgets the session and leaves no timer", async () => {
    const world = new World();
    const session = await world.talking();
    session.sendChat("hello");
    world.server.push({ type: "typing", pair: "a" });
    await settle();
    const closing = session.close();
    await settle();
    await closing;
    expect(world.server.received.at(-1)).toEqual({ type: "bye" });
    expect(world.server.socket.closedByClient).toBe(1000);
    expect(world.kept.has("duologue.resume")).toBe(false);
    expect(session.state).toMatchObject({ phase: "start", connection: { status: "offline" } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it("can be followed by a new start", async () => {
    const world = new World();
    const session = await world.online();
    await session.close();
    session.start();
    await settle();
    expect(session.state.connection.status).toBe("online");
  });
});

it("drops what is not a message", async () => {
  const world = new World();
  const session = await world.online();
  for (const text of ["", "null", "[]", "{}", '{"type":"of_tomorrow"}', "{"]) world.server.socket.deliverText(text);
  await settle();
  expect(session.state.connection.status).toBe("online");
});
