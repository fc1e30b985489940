import { LeaveRequest, LeaveRequest_Action as Action, Pong, SignalResponse } from "@livekit/protocol";
import { expect, it } from "vitest";
import { asksBack, isSignalUrl, onSocket, type WebSocketClass } from "./sockets.js";

class Socket {
  constructor(readonly url: string) {}
}

it("tells everybody who listens of each socket, and nobody who stopped", () => {
  const host = { WebSocket: Socket as unknown as WebSocketClass };
  const heard: string[] = [];
  const stop = onSocket((_, url) => heard.push(`first ${String(url)}`), host);
  onSocket((socket) => heard.push(`second ${socket.url}`), host);
  new host.WebSocket("ws://a");
  stop();
  new host.WebSocket("ws://b");
  expect(heard).toEqual(["first ws://a", "second ws://a", "second ws://b"]);
});

it("passes on all that a socket is made of, such as React Native's headers", () => {
  const host = { WebSocket: class { readonly made: unknown[]; constructor(...made: unknown[]) { this.made = made; } } as unknown as WebSocketClass };
  onSocket(() => undefined, host);
  const Made = host.WebSocket as unknown as new (...made: unknown[]) => { made: unknown[] };
  expect(new Made("ws://a", ["p"], { headers: { a: "b" } }).made).toEqual(["ws://a", ["p"], { headers: { a: "b" } }]);
});

it.each([
  ["ws://media:7880/rtc/v1?join_request=x", true],
  ["wss://media/rtc?access_token=x", true],
  ["ws://chat:8001/", false],
])("%s is of LiveKit's signalling: %s", (url, is) => {
  expect(isSignalUrl(url)).toBe(is);
});

const said = (message: SignalResponse["message"]): unknown => new SignalResponse({ message }).toBinary().slice().buffer;
const leave = (action: Action): unknown => said({ case: "leave", value: new LeaveRequest({ action }) });

it.each([
  ["a leave to resume", true, leave(Action.RESUME)],
  ["a leave to connect anew", true, leave(Action.RECONNECT)],
  ["a leave for good", false, leave(Action.DISCONNECT)],
  ["another message", false, said({ case: "pongResp", value: new Pong() })],
  ["no message of LiveKit's", false, new Uint8Array([255, 255]).buffer],
  ["text", false, "leave"],
])("%s asks to come back: %s", (_, asks, data) => {
  expect(asksBack(data)).toBe(asks);
});
