import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { incomingCallPayload, uuidOf } from "../push/index.js";
import { EndReason, PhoneCalls, UNKNOWN_MS, type CallScreenLike, type CallsLike } from "./calls.js";

const CALL = "6yJm0Uu0cWwJfJ7k0nqk3Q";
const UUID = uuidOf(CALL);
const RINGS_MS = 60_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Session implements CallsLike {
  state: CallsLike["state"] = { connection: { status: "connecting" }, call: null, pair: null };
  readonly did: string[] = [];
  readonly listeners = new Set<() => void>();
  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  accept = (): void => void this.did.push("accept");
  decline = (): void => void this.did.push("decline");
  hangUp = (): void => void this.did.push("hang up");

  is(call: "rings" | "talks" | null, status = "online", away = false): void {
    const ringing = { id: CALL, outgoing: false, alias: "Brave Otter", mode: "video", expiresAt: Date.now() + RINGS_MS };
    this.state = { connection: away ? { status, away } : { status }, call: call === "rings" ? ringing : null, pair: call === "talks" ? { call: CALL } : null };
    for (const listener of this.listeners) listener();
  }
}

class Screen implements CallScreenLike {
  readonly did: string[] = [];
  readonly handlers = new Map<string, (event: { callUUID: string }) => void>();
  displayIncomingCall = (uuid: string, _: string, name?: string): void => void this.did.push(`rings ${uuid} ${String(name)}`);
  answerIncomingCall = (uuid: string): void => {
    this.did.push("answered");
    this.press("answerCall", uuid);
  };
  reportEndCallWithUUID = (_: string, reason: number): void => void this.did.push(`ended ${reason}`);
  addEventListener = (type: "answerCall" | "endCall", handler: (event: { callUUID: string }) => void): { remove(): void } => {
    this.handlers.set(type, handler);
    return { remove: () => void this.handlers.delete(type) };
  };
  press(type: "answerCall" | "endCall", uuid = UUID): void {
    this.handlers.get(type)?.({ callUUID: uuid.toUpperCase() });
  }
}

/** What FCM brings of a webhook. */
function pushed(type: string): unknown {
  const person = { person: "p", alias: "Brave Otter" };
  const rings_until = new Date(Date.now() + RINGS_MS).toISOString();
  const data = { call: CALL, tenant: "acme", mode: "video", caller: person, callee: { ...person, connected: false }, rings_until };
  return incomingCallPayload({ id: type, type, timestamp: rings_until, data }, { bundleId: "app", nowMs: Date.now() })?.fcm.data;
}

function phone() {
  const [session, screen] = [new Session(), new Screen()];
  return { session, screen, calls: new PhoneCalls(session, screen) };
}

const SHOWN = `rings ${UUID} Brave Otter`;

describe("a call", () => {
  it("is shown once, whether a push tells of it, the session, or both", () => {
    const { session, screen, calls } = phone();
    expect(calls.push(pushed("call.ringing"))).toBe(true);
    session.is("rings");
    calls.push(pushed("call.ringing"));
    expect(screen.did).toEqual([SHOWN]);
  });

  it("that the session alone tells of is shown, too", () => {
    const { session, screen } = phone();
    session.is("rings");
    expect(screen.did).toEqual([SHOWN]);
  });

  it("that is answered before the session knows of it is taken as soon as it does, once", () => {
    const { session, screen, calls } = phone();
    calls.push(pushed("call.ringing"));
    screen.press("answerCall");
    expect(session.did).toEqual([]);
    session.is("rings");
    session.is("rings");
    session.is("talks");
    expect([session.did, screen.did]).toEqual([["accept"], [SHOWN]]);
  });

  it("that is refused before the session knows of it is declined as soon as it does, and shown no more", () => {
    const { session, screen, calls } = phone();
    calls.push(pushed("call.ringing"));
    screen.press("endCall");
    session.is("rings");
    session.is("rings");
    expect([session.did, screen.did]).toEqual([["decline"], [SHOWN]]);
  });

  it("that was answered before the app ran is not shown again, and taken", () => {
    const { session, screen, calls } = phone();
    calls.pressed(UUID.toUpperCase(), "answer");
    calls.push(pushed("call.ringing"));
    session.is("rings");
    expect([session.did, screen.did]).toEqual([["accept"], []]);
  });

  it("that a button of the app took is answered on the screen", () => {
    const { session, screen } = phone();
    session.is("rings");
    session.is("talks");
    expect([session.did, screen.did]).toEqual([[], [SHOWN, "answered"]]);
  });

  it("is hung up by the screen", () => {
    const { session, screen } = phone();
    session.is("rings");
    screen.press("answerCall");
    session.is("talks");
    screen.press("endCall");
    session.is(null);
    expect([session.did, screen.did]).toEqual([["accept", "hang up"], [SHOWN]]);
  });
});

describe("a ring ends", () => {
  it.each([
    ["call.cancelled", EndReason.REMOTE_ENDED],
    ["call.declined", EndReason.REMOTE_ENDED],
    ["call.lost", EndReason.REMOTE_ENDED],
    ["call.missed", EndReason.UNANSWERED],
    ["call.accepted", EndReason.ANSWERED_ELSEWHERE],
  ])("by a push: %s", (type, reason) => {
    const { screen, calls } = phone();
    calls.push(pushed("call.ringing"));
    calls.push(pushed(type));
    expect(screen.did).toEqual([SHOWN, `ended ${reason}`]);
    vi.advanceTimersByTime(RINGS_MS);
    expect(screen.did.length).toBe(2);
  });

  it("and does not begin when its end came first", () => {
    const { screen, calls } = phone();
    calls.push(pushed("call.cancelled"));
    calls.push(pushed("call.ringing"));
    expect(screen.did).toEqual([]);
  });

  it("when its time is over, whatever is heard", () => {
    const { screen, calls } = phone();
    calls.push(pushed("call.ringing"));
    vi.advanceTimersByTime(RINGS_MS);
    expect(screen.did).toEqual([SHOWN, `ended ${EndReason.UNANSWERED}`]);
  });

  it.each(["online", "standby"])("when the session is %s and knows nothing of it for a while", (status) => {
    const { session, screen, calls } = phone();
    calls.push(pushed("call.ringing"));
    session.is(null, status);
    vi.advanceTimersByTime(UNKNOWN_MS - 1);
    expect(screen.did).toEqual([SHOWN]);
    vi.advanceTimersByTime(1);
    expect(screen.did).toEqual([SHOWN, `ended ${EndReason.REMOTE_ENDED}`]);
  });

  it("but not while a session that stands by has no connection", () => {
    const { session, screen, calls } = phone();
    calls.push(pushed("call.ringing"));
    session.is(null, "standby", true);
    vi.advanceTimersByTime(UNKNOWN_MS);
    expect(screen.did).toEqual([SHOWN]);
  });

  it("when the session says that it is over", () => {
    const { session, screen } = phone();
    session.is("rings");
    session.is(null);
    expect(screen.did).toEqual([SHOWN, `ended ${EndReason.REMOTE_ENDED}`]);
  });
});

it("a talk does not end because the push says that it was accepted", () => {
  const { session, screen, calls } = phone();
  session.is("rings");
  screen.press("answerCall");
  session.is("talks");
  calls.push(pushed("call.accepted"));
  expect(screen.did).toEqual([SHOWN]);
  session.is(null);
  expect(screen.did).toEqual([SHOWN, `ended ${EndReason.REMOTE_ENDED}`]);
});

it("a push about something else is left to the app", () => {
  expect(phone().calls.push({ title: "News" })).toBe(false);
});

it("nothing is heard after the close, and nothing runs", () => {
  const { session, screen, calls } = phone();
  calls.push(pushed("call.ringing"));
  calls.close();
  expect([session.listeners.size, screen.handlers.size, vi.getTimerCount()]).toEqual([0, 0, 0]);
});
