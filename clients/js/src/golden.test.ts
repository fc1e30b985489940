/** The client plays the golden scenarios of `protocol-fixtures/` that reach beyond one message; Python plays them too. */
import { expect, it, vi } from "vitest";
import longChat from "../../../protocol-fixtures/reload-in-a-long-chat.json";
import type { ClientMessage, ServerMessage } from "./protocol.gen.js";
import { RandomChatSession } from "./random-chat-session.js";
import type { SocketLike } from "./session/api.js";
import { CONFIG, settle, World } from "./testing/world.js";

type Step = { dir: "in"; message: ServerMessage } | { dir: "out"; message: ClientMessage };

class ScriptedSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly said: ClientMessage[] = [];
  /** The ids of the scenario, and those that the client made. */
  readonly ids = new Map<string, string>();

  send(text: string): void {
    this.said.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {}

  hear(message: ServerMessage): void {
    const named = message.type === "reply" ? { ...message, id: this.ids.get(message.id) } : message;
    this.onmessage?.({ data: JSON.stringify(named) });
  }
}

/** The person's part; everything else the client says by itself. */
function act(session: RandomChatSession, message: ClientMessage): void {
  if (message.type === "chat") session.sendChat(message.text);
}

it("counts its lines on after a reload in a long chat", async () => {
  vi.useFakeTimers();
  const socket = new ScriptedSocket();
  const { environment } = new World({ openSocket: () => socket, token: () => Promise.resolve("session-token-1") });
  const session = new RandomChatSession({ config: CONFIG, environment, media: null });
  session.start();
  for (const { dir, message } of longChat as unknown as Step[]) {
    await settle();
    if (dir === "in") {
      socket.hear(message);
      continue;
    }
    act(session, message);
    await settle();
    const said = socket.said.shift();
    if (message.type === "chat" && said?.type === "chat") socket.ids.set(message.id, said.id);
    const { type } = message;
    expect(said).toMatchObject(type === "chat" ? { type, pair: message.pair, n: message.n, text: message.text } : { type });
  }
  expect(socket.said).toEqual([]);
  expect(session.state.chat.filter((line) => line.mine)).toMatchObject([{ n: 8, pending: false }, { n: 9, pending: false }]);
});
