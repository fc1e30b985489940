import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { closeAtOnce } from "./quick-leave.js";

class Socket extends EventTarget {
  readyState = 1;
  readonly closes: unknown[] = [];
  close(...how: unknown[]): void {
    this.closes.push(how);
    this.readyState = 2;
  }
}

class FakeCloseEvent extends Event {
  constructor(
    type: string,
    readonly how: { code: number; reason: string; wasClean: boolean },
  ) {
    super(type);
  }
}

function world() {
  const [socket, left, refused, heard] = [new Socket(), vi.fn(), vi.fn(), vi.fn()];
  closeAtOnce(socket as never, left, refused);
  socket.addEventListener("close", heard);
  return { socket: socket as unknown as WebSocket & Socket, left, refused, heard };
}

beforeEach(() => void vi.stubGlobal("CloseEvent", FakeCloseEvent));
afterEach(() => void vi.unstubAllGlobals());

it("is closed when we close it, once, and the server hears of it", () => {
  const { socket, left, heard } = world();
  socket.close(1000, "bye");
  expect(heard).toHaveBeenCalledOnce();
  expect(heard.mock.calls[0]?.[0]).toMatchObject({ how: { code: 1000, reason: "bye", wasClean: true } });
  socket.close();
  socket.dispatchEvent(new Event("close"));
  expect(heard).toHaveBeenCalledOnce();
  expect(left).toHaveBeenCalledOnce();
  expect(socket.closes).toEqual([
    [1000, "bye"],
    [undefined, undefined],
  ]);
});

it("is closed by the server as ever", () => {
  const { socket, left, heard } = world();
  socket.readyState = 3;
  socket.dispatchEvent(new Event("close"));
  socket.close();
  expect(heard).toHaveBeenCalledOnce();
  expect(left).not.toHaveBeenCalled();
});

it("waits for a socket that was not open: there is nobody to leave", () => {
  const { socket, left, heard } = world();
  socket.readyState = 0;
  socket.close();
  expect(heard).not.toHaveBeenCalled();
  expect(left).not.toHaveBeenCalled();
});

it("waits where there is no such event", () => {
  vi.stubGlobal("CloseEvent", undefined);
  const { socket, refused, heard } = world();
  socket.close();
  expect(heard).not.toHaveBeenCalled();
  expect(refused).toHaveBeenCalledOnce();
  socket.dispatchEvent(new Event("close"));
  expect(heard).toHaveBeenCalledOnce();
});
