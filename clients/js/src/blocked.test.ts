/** The list of whom one has blocked, and taking a block back: alike in both sessions. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CloseCode, type CommandError, type ErrorCode } from "./protocol.gen.js";
import type { RandomChatSession } from "./random-chat-session.js";
import { reconnect, sent, standingBy, told } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HERON = { block: "b2", alias: "Heron", at: 2_000 };
const CRANE = { block: "b1", alias: "Crane", at: 1_000 };
const refusal = (code: ErrorCode): CommandError => ({ code, message: "", temporary: true });

/** Who has been told that they blocked two people. */
async function informed(world: World): Promise<RandomChatSession> {
  world.server.blocked = [HERON, CRANE];
  const session = await world.online();
  session.blocked();
  await settle();
  return session;
}

describe("the list of the blocked", () => {
  it("is not there until somebody asks for it, and is told to both sessions of a line", async () => {
    const world = new World();
    world.server.blocked = [HERON, CRANE];
    const [chat, calls] = await world.both();
    expect([chat.state.blocked, calls.state.blocked]).toEqual([null, null]);
    expect(sent(world)).toEqual([]);
    calls.blocked();
    expect(calls.state.blocked).toEqual({ people: null, asking: true, error: null });
    await settle();
    expect(chat.state.blocked).toEqual({ people: [HERON, CRANE], asking: false, error: null });
    expect(calls.state.blocked).toBe(chat.state.blocked);
  });

  it("is asked for once at a time, and read anew each time", async () => {
    const world = new World();
    const session = await informed(world);
    world.server.blocked = [HERON];
    session.blocked();
    session.blocked();
    expect(session.state.blocked).toEqual({ people: [HERON, CRANE], asking: true, error: null });
    await settle();
    expect(session.state.blocked).toEqual({ people: [HERON], asking: false, error: null });
    expect(world.server.of("blocked_list")).toHaveLength(2);
  });

  it("has the times of this machine's clock", async () => {
    const world = new World({ now: () => Date.now() - 5_000 });
    const session = await informed(world);
    expect(session.state.blocked?.people).toEqual([HERON, CRANE].map((person) => ({ ...person, at: person.at - 5_000 })));
  });

  it.each<ErrorCode>(["rate_limited", "unavailable", "not_available"])("tells why there is none: %s, until it is asked for again", async (code) => {
    const world = new World();
    world.server.onCommand = () => refusal(code);
    const session = await informed(world);
    expect(session.state).toMatchObject({ blocked: { people: null, asking: false, error: code }, notice: null });
    world.server.onCommand = () => null;
    session.blocked();
    expect(session.state.blocked).toEqual({ people: null, asking: true, error: null });
    await settle();
    expect(session.state.blocked).toMatchObject({ people: [HERON, CRANE], error: null });
  });

  it("is asked for as soon as there is a connection, and again where the answer was lost", async () => {
    const world = new World();
    world.server.blocked = [HERON];
    const session = world.session();
    session.blocked();
    world.server.deaf = true;
    session.start();
    await settle();
    expect(session.state.blocked?.asking).toBe(true);
    world.server.deaf = false;
    await settle(60_000);
    expect(session.state.blocked).toEqual({ people: [HERON], asking: false, error: null });
  });

  it("is asked for again after a reconnect, with the same id", async () => {
    const world = new World();
    const session = await world.online();
    world.server.blocked = [HERON];
    world.server.silent = true;
    session.blocked();
    await settle();
    world.server.silent = false;
    await reconnect(world);
    const ids = world.server.of("blocked_list").map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([2, 1]);
    expect(session.state.blocked).toEqual({ people: [HERON], asking: false, error: null });
  });

  it("is not waited for any more when the server turns the person away, and not then asked for", async () => {
    const world = new World();
    const session = await world.online();
    world.server.silent = true;
    session.blocked();
    world.server.socket.drop(CloseCode.BANNED);
    await settle();
    expect(session.state).toMatchObject({ connection: { status: "refused" }, blocked: { asking: false, error: "unavailable" } });
    session.blocked();
    expect(session.state.blocked).toMatchObject({ asking: false, error: "unavailable" });
  });

  it("is not told where the session stands by", async () => {
    const world = new World();
    const calls = await standingBy(world);
    calls.blocked();
    await settle();
    expect(calls.state).toMatchObject({ blocked: { people: null, asking: false, error: "not_active" }, notice: null });
  });

  it("is nobody else's: forgotten with a new guest, and with the end of the session", async () => {
    const world = new World();
    const session = await informed(world);
    world.server.person = "p2";
    await reconnect(world);
    expect(session.state).toMatchObject({ connection: { status: "online" }, blocked: null });
    session.blocked();
    await session.close();
    expect(session.state.blocked).toBeNull();
  });
});

describe("taking a block back", () => {
  it("shows at once, also in a list that was read before", async () => {
    const world = new World();
    const session = await informed(world);
    session.unblock("b2");
    expect(session.state.blocked?.people).toEqual([CRANE]);
    await told(world, { type: "blocked", people: [HERON, CRANE] });
    expect(world.server.last("unblock").block).toBe("b2");
    expect(session.state).toMatchObject({ blocked: { people: [CRANE], error: null }, notice: null });
  });

  it("lets the last partner be blocked again", async () => {
    const world = new World();
    const session = await world.talking();
    session.block();
    await settle();
    expect(session.state.ended).toMatchObject({ alias: "alias-a", blocked: true });
    world.server.blocked = [{ ...HERON, alias: "alias-a" }, CRANE];
    session.blocked();
    await settle();
    session.unblock("b1");
    await settle();
    expect(session.state.ended?.blocked).toBe(true);
    session.unblock("b2");
    await settle();
    expect(session.state.ended?.blocked).toBe(false);
  });

  it("is undone where the server refuses it, in the old place, and can be asked once more", async () => {
    const world = new World();
    const session = await informed(world);
    world.server.onCommand = () => refusal("unavailable");
    session.unblock("b2");
    await settle();
    expect(session.state).toMatchObject({ blocked: { people: [HERON, CRANE], error: "unavailable" }, notice: null });
    world.server.onCommand = () => null;
    session.unblock("b2");
    expect(session.state.blocked).toMatchObject({ people: [CRANE], error: null });
    await settle();
    expect(session.state.blocked).toEqual({ people: [CRANE], asking: false, error: null });
  });

  it("is said again after a reconnect", async () => {
    const world = new World();
    const session = await informed(world);
    world.server.deaf = true;
    session.unblock("b1");
    await settle();
    world.server.deaf = false;
    await reconnect(world);
    expect(world.server.of("unblock")).toHaveLength(1);
    expect(session.state.blocked?.people).toEqual([HERON]);
  });

  it("is undone where the server turns the person away before it answers", async () => {
    const world = new World();
    const session = await informed(world);
    world.server.silent = true;
    session.unblock("b1");
    world.server.socket.drop(CloseCode.BANNED);
    await settle();
    expect(session.state.blocked).toEqual({ people: [HERON, CRANE], asking: false, error: "unavailable" });
    session.unblock("b1");
    expect(session.state.blocked?.people).toEqual([HERON, CRANE]);
  });

  it("needs no list", async () => {
    const world = new World();
    world.server.onCommand = () => refusal("unavailable");
    const session = await world.online();
    session.unblock("b9");
    await settle();
    expect(world.server.last("unblock").block).toBe("b9");
    expect(session.state.blocked).toEqual({ people: null, asking: false, error: "unavailable" });
  });
});
