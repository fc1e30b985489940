import { describe, expect, it } from "vitest";
import { incomingCall, incomingCallPayload, uuidOf, type CallWebhook } from "./index.js";

const RINGS_UNTIL = Date.parse("2026-11-28T15:25:10.123Z");
const RINGING: CallWebhook = {
  id: "ringing-6yJm0Uu0cWwJfJ7k0nqk3Q",
  type: "call.ringing",
  timestamp: "2026-11-28T15:24:10.123000Z",
  data: {
    call: "6yJm0Uu0cWwJfJ7k0nqk3Q",
    tenant: "acme",
    mode: "video",
    caller: { person: "acme.dzR2ZtgbTnhJ3CCw1zW6lyE_MaXuHbhE", alias: "Brave Otter" },
    callee: { person: "acme.UhVg0TrpgYU9-Ca1ZyEcYTdxjfJnDvTo", alias: "Calm Heron", connected: false },
    rings_until: "2026-11-28T15:25:10.123000Z",
  },
};
const push = (event: CallWebhook, leftMs = 42_900) => incomingCallPayload(event, { bundleId: "org.example.app", nowMs: RINGS_UNTIL - leftMs });
const told = (type: string) => push({ ...RINGING, type });

describe("a ring", () => {
  it("is kept by FCM for as long as it rings, and in the place of nothing else", () => {
    expect(push(RINGING)?.fcm.android).toEqual({ priority: "high", ttl: "42s", collapse_key: "6yJm0Uu0cWwJfJ7k0nqk3Q" });
  });

  it("is given by APNs now or never, as a VoIP push to the app", () => {
    expect(push(RINGING)?.apns?.headers).toEqual({
      "apns-push-type": "voip",
      "apns-topic": "org.example.app.voip",
      "apns-priority": "10",
      "apns-expiration": "0",
    });
  });

  it("is read by the app alike from both", () => {
    const call = { call: "6yJm0Uu0cWwJfJ7k0nqk3Q", uuid: uuidOf("6yJm0Uu0cWwJfJ7k0nqk3Q"), caller: "Brave Otter", mode: "video", ringsUntil: RINGS_UNTIL, ended: null };
    expect(incomingCall(push(RINGING)?.fcm.data)).toEqual(call);
    expect(incomingCall(push(RINGING)?.apns?.payload)).toEqual(call);
  });

  it("says nothing of who calls but the name of this call", () => {
    expect(JSON.stringify(push(RINGING))).not.toContain("acme");
  });

  it("has only texts for FCM, which takes nothing else", () => {
    expect(Object.values(push(RINGING)?.fcm.data ?? {}).every((value) => typeof value === "string")).toBe(true);
  });

  it.each([0, 999, -5_000])("is not sent with %i ms left", (leftMs) => {
    expect(push(RINGING, leftMs)).toBeNull();
  });
});

describe("an end", () => {
  it.each(["accepted", "declined", "cancelled", "lost"])("%s takes the place of a ring that waits", (how) => {
    const sent = told(`call.${how}`);
    expect(sent?.fcm.android).toEqual(push(RINGING)?.fcm.android);
    expect(incomingCall(sent?.fcm.data)?.ended).toBe(how);
  });

  it("is no VoIP push: iOS would show a call", () => {
    expect(told("call.cancelled")?.apns).toBeNull();
  });

  it("of a call that was missed is told for a day, and wakes nobody", () => {
    expect(push({ ...RINGING, type: "call.missed" }, 0)?.fcm.android).toMatchObject({ priority: "normal", ttl: "86400s" });
  });
});

it.each(["ping", "call.busy", "call.something", "ringing", "cancelled"])("there is nothing to push for %s", (type) => {
  expect(told(type)).toBeNull();
});

it("a ping without data is nothing", () => {
  expect(push({ id: "ping-1", type: "ping", timestamp: "" })).toBeNull();
});

it("what is no webhook is told to whoever wrote the server", () => {
  const data = { ...RINGING.data, rings_until: "soon" } as NonNullable<CallWebhook["data"]>;
  expect(() => push({ ...RINGING, data })).toThrow("not a time: soon");
});

it("a UUID is the 16 bytes of the id", () => {
  expect(uuidOf("AAECAwQFBgcICQoLDA0ODw")).toBe("00010203-0405-0607-0809-0a0b0c0d0e0f");
  expect(uuidOf("_-8")).toBe("ffef0000-0000-0000-0000-000000000000");
});

it.each([undefined, null, "text", {}, { duologue: "ringing" }, { ...RINGING.data, duologue: "ringing", uuid: "", caller: "x", rings_until: "later" }])("%j is no push about a call", (data) => {
  expect(incomingCall(data)).toBeNull();
});
