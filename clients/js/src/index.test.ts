import { describe, expect, it } from "vitest";
import * as core from "./index.js";
import { FakeServer } from "./testing/fake-server.js";

describe("the core", () => {
  it("runs where there is no window and no document", async () => {
    expect(typeof window).toBe("undefined");
    expect(typeof document).toBe("undefined");
    const server = new FakeServer();
    const session = new core.RandomChatSession({
      config: { websocket_url: "ws://gateway.test", guest_url: "", modes: ["text"], guest_scope: "tab" },
      environment: {
        now: () => 0,
        random: () => 0,
        setTimer: () => () => undefined,
        openSocket: server.open,
        token: () => Promise.resolve("token"),
        load: () => null,
        store: () => undefined,
      },
      media: null,
    });
    session.start();
    await new Promise((resolve) => setTimeout(resolve));
    expect(session.state.connection.status).toBe("online");
    await session.close();
  });

  it("exports what is public, and no more", () => {
    expect(Object.keys(core).sort()).toEqual(
      ["CallEnd", "CloseCode", "DuologueError", "EndReason", "ErrorCode", "Line", "Mode", "PROTOCOL_VERSION", "RandomChatSession", "Socket", "TokenError", "VideoCallSession"].sort(),
    );
  });
});
