import { Room, RoomEvent } from "livekit-client";
import { expect, it, vi } from "vitest";
import { listen } from "./listening.js";

it("hears each event until it is stopped, and leaves other listeners alone", () => {
  const room = new Room();
  const [reconnected, disconnected, another] = [vi.fn(), vi.fn(), vi.fn()];
  room.on(RoomEvent.Reconnected, another);
  const stop = listen(room, { [RoomEvent.Reconnected]: reconnected, [RoomEvent.Disconnected]: disconnected });
  room.emit(RoomEvent.Reconnected);
  stop();
  room.emit(RoomEvent.Reconnected);
  room.emit(RoomEvent.Disconnected);
  expect(reconnected).toHaveBeenCalledOnce();
  expect(disconnected).not.toHaveBeenCalled();
  expect(another).toHaveBeenCalledTimes(2);
});
