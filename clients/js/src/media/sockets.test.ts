import { expect, it } from "vitest";
import { isSignalUrl, onSocket, type WebSocketClass } from "./sockets.js";

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
