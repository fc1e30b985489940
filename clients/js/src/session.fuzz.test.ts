/** A whole session, its actor included, under any order of what people, the server, the media and the network do. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { CloseCode } from "./protocol.gen.js";
import type { RandomChatSession } from "./random-chat-session.js";
import { credentials } from "./testing/fake-server.js";
import { settle, World } from "./testing/world.js";
import type { VideoCallSession } from "./video-call-session.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** `calls` is over the same line. */
type Doing = (world: World, session: RandomChatSession, calls: VideoCallSession) => void | Promise<void>;

/** By name, so that a counterexample can be read. */
const DOINGS = {
  find: (_, session) => session.find({ mode: "video" }),
  next: (_, session) => session.next(),
  stop: (_, session) => session.stop(),
  stay: (_, session) => session.stay(),
  block: (_, session) => session.block(),
  back: (_, session) => session.back(),
  mute: (_, session) => session.setMicrophone(false),
  "camera on": (_, session) => session.setCamera(true),
  "server matches": ({ server }) => server.push(server.matched(`pair-${server.rev}`, Math.max(1, server.attempt))),
  "server matches the newest": ({ server }) => server.push(server.matched(`pair-${server.rev}`, newestAttempt(server))),
  "server ends it": ({ server }) => server.push(server.ended(`pair-${server.rev - 1}`)),
  "server ends it, and we wait": ({ server }) => server.push(server.ended(`pair-${server.rev - 1}`, { waiting: server.waiting(newestAttempt(server)) })),
  "server ends it, and there is a way back": ({ server }) => server.push(server.ended(`pair-${server.rev - 1}`, { back_until: Date.now() + 5_000, waiting: server.waiting(newestAttempt(server)) })),
  call: (_, __, calls) => calls.call("link"),
  accept: (_, __, calls) => calls.accept(),
  decline: (_, __, calls) => calls.decline(),
  "hang up": (_, __, calls) => calls.hangUp(),
  "block the caller": (_, __, calls) => calls.block(),
  "ask for the blocked": (_, session) => session.blocked(),
  unblock: (_, session) => session.unblock(session.state.blocked?.people?.[0]?.block ?? "gone"),
  "take over": (_, __, calls) => calls.takeOver(),
  "somebody calls": ({ server }) => server.push(server.incoming(`call-${server.rev}`, 20_000, "video")),
  "ours rings": ({ server }) => server.push(server.rings(`call-${server.rev}`, 20_000)),
  "the call is taken": ({ server }) => {
    for (const message of server.taken(`call-${server.rev - 1}`, `pair-${server.rev}`, credentials(`pair-${server.rev}`))) server.push(message);
  },
  "the call is over": ({ server }) => server.push(server.callOver(`call-${server.rev - 1}`, "cancelled")),
  "the call is over, and we wait": ({ server }) => server.push(server.callOver(`call-${server.rev - 1}`, "missed", { waiting: server.waiting(newestAttempt(server)) })),
  "another device takes over": ({ server }) => server.standBy(),
  "the server knows of a call": ({ server }) => void (server.state = server.ringing(`call-${server.rev - 1}`, false, 20_000)),
  "the server knows of a pair of a call": ({ server }) => void (server.state = server.inPair({ ...server.matched(`pair-${server.rev}`, 1), call: "call-0" }, null)),
  "the server knows of nothing": ({ server }) => void (server.state = { kind: "idle" }),
  "joins succeed": ({ media }) => void (media.easy = true),
  "joins take long": ({ media }) => void (media.easy = false),
  "leaves take long": ({ media }) => void (media.leaveMs = 2_500),
  "join succeeds": ({ media }) => media.joins.at(-1)?.succeed(),
  "join fails": ({ media }) => media.joins.at(-1)?.fail("refused"),
  "media is lost": ({ media }) => media.joins.at(-1)?.events.failed("disconnected"),
  "media reconnects": ({ media }) => media.joins.at(-1)?.events.reconnecting(),
  "media is back": ({ media }) => media.joins.at(-1)?.events.connected(),
  "an old join speaks": ({ media }) => media.joins.at(0)?.events.failed("late"),
  "the server refuses": ({ server }) => void (server.onCommand = () => ({ code: "unavailable", message: "", temporary: true })),
  "the server obeys": ({ server }) => void (server.onCommand = () => null),
  "the person is turned away": ({ server }) => server.socket.drop(CloseCode.BANNED),
  "somebody else comes in": ({ server }) => void (server.person = `person-${server.rev}`),
  "socket dies": ({ server }) => server.socket.close1006(),
  "servers are older": ({ server }) => void (server.knowsStandBy = false),
  "network is away": ({ server }) => void (server.reachable = false),
  "network is back": ({ server }) => void (server.reachable = true),
  "a moment passes": () => settle(50),
  "seconds pass": () => settle(6_000),
  "half a minute passes": () => settle(30_000),
} satisfies Record<string, Doing>;

type Name = keyof typeof DOINGS;

const life = fc.array(fc.constantFrom(...(Object.keys(DOINGS) as Name[])), { maxLength: 40, size: "max" });

function newestAttempt(server: World["server"]): number {
  return Math.max(1, ...[...server.applied.values()].map((command) => ("attempt" in command ? command.attempt : 0)));
}

/** Whatever happened just now. */
function holds(calls: VideoCallSession): void {
  const { call, pair } = calls.state;
  if (call !== null && call.expiresAt !== null && !call.answered) expect(call.expiresAt).toBeGreaterThan(Date.now());
  if (call !== null) expect(pair).toBeNull();
}

async function live(names: readonly Name[]): Promise<[World, RandomChatSession, VideoCallSession]> {
  vi.clearAllTimers(); // of a life before that failed
  const world = new World();
  world.server.blocked = [2, 1].map((at) => ({ block: `block-${at}`, alias: "Heron", at }));
  const [session, calls] = await world.both();
  for (const name of names) {
    const doing: Doing = DOINGS[name];
    await doing(world, session, calls);
    await settle();
    holds(calls);
  }
  return [world, session, calls];
}

/** The longest that a join, and then a leave, may take. */
const AT_MOST_MS = 20_000;

/** Nothing is left the moment that `close` resolves, not some time later. */
async function ended({ server, media }: World, session: RandomChatSession): Promise<void> {
  server.reachable = true;
  session.stop();
  const closed = vi.fn();
  void session.close().then(closed);
  for (let ms = 0; ms < AT_MOST_MS && closed.mock.calls.length === 0; ms += 10) await settle(10);
  expect(closed).toHaveBeenCalled();
  expect(session.state).toMatchObject({ call: null, callEnded: null, phase: "start", pair: null, media: { status: "none" }, connection: { status: "offline" } });
  expect(session.remote).toEqual({ video: null, audio: null });
  expect(media.joined).toBe(false);
  expect(vi.getTimerCount()).toBe(0);
}

it("never joins twice at once, never before it left, and comes to rest with nothing left", async () => {
  await fc.assert(
    fc.asyncProperty(life, async (names) => {
      const [world, session] = await live(names);
      await ended(world, session);
      expect({ overlaps: world.media.overlaps, unleft: world.media.unleft }).toEqual({ overlaps: 0, unleft: 0 });
    }),
    { numRuns: 500 },
  );
}, 30_000);

it("touches the media only for a pair", async () => {
  await fc.assert(
    fc.asyncProperty(life, async (names) => {
      const [world, session, calls] = await live(names);
      const known = new Set(world.media.log.filter((line) => line.startsWith("join ")).map((line) => line.replace("join token-", "")));
      for (const { pair } of world.server.of("media")) expect(known).toContain(pair);
      world.server.state = { kind: "idle" };
      session.stop();
      calls.hangUp();
      await settle(AT_MOST_MS);
      expect(calls.state.call).toBeNull();
      expect(world.media.joined).toBe(false);
      const operations = world.media.log.length;
      await settle(60_000);
      expect(world.media.log).toHaveLength(operations);
      const closed = session.close();
      await settle(5_000);
      await closed;
    }),
    { numRuns: 200 },
  );
}, 30_000);

it("always hears whom it has blocked, and shows what the server knows", async () => {
  await fc.assert(
    fc.asyncProperty(life, async (names) => {
      const [world, session] = await live(names);
      world.server.reachable = true;
      world.server.onCommand = () => null;
      await settle(120_000);
      expect(session.state.blocked?.asking).not.toBe(true);
      session.blocked();
      await settle();
      const { people, error } = session.state.blocked ?? {};
      if (session.state.connection.status === "online") expect(people).toEqual(world.server.blocked);
      else expect(error).not.toBeNull();
      const closed = session.close();
      await settle(5_000);
      await closed;
    }),
    { numRuns: 200 },
  );
}, 30_000);
