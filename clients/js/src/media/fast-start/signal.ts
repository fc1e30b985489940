/** A `WebSocket` whose signalling messages the fast start hears first, and can add to. */
import { LeaveRequest, LeaveRequest_Action, MediaSectionsRequirement, SignalResponse } from "@livekit/protocol";
import { readSignal } from "../sockets.js";
import { EarlyOffer } from "./early-offer.js";

export interface SignalHandlers {
  asked(): void;
  withheld(): void;
  /** A message could not be read. It is passed on as it came. */
  unreadable(): void;
}

/** Ours come as events like the server's: told apart by being known. */
const ours = new WeakSet<Event>();

export interface SignalWatch {
  /** Media can flow. */
  connected(): void;
}

/** Listen before anybody else does; call it while the socket is new. */
export function watchSignal(socket: WebSocket, expectedTracks: number, handlers: SignalHandlers): SignalWatch {
  const watch = new EarlyOffer(expectedTracks);
  const ask = (): void => askForOffer(socket);
  socket.addEventListener("message", (event: MessageEvent<unknown>) => {
    if (ours.has(event) || !(event.data instanceof ArrayBuffer)) return;
    const message = read(event.data);
    if (message === null) {
      handlers.unreadable();
      return;
    }
    const verdict = watch.hear(message);
    if (verdict === "withhold") {
      event.stopImmediatePropagation();
      handlers.withheld();
    } else if (verdict === "ask") {
      handlers.asked();
      setTimeout(ask); // after this message was heard by the SDK too
    }
  });
  const connected = (): void => {
    if (watch.connected() !== "ask") return;
    handlers.asked();
    ask();
  };
  return { connected };
}

/** Have the SDK make an offer, by a request for nothing: it adds no section. */
export function askForOffer(socket: WebSocket): void {
  say(socket, { case: "mediaSectionsRequirement", value: new MediaSectionsRequirement() });
}

/** Have the SDK leave, and join again by another connection, as if LiveKit had asked for it. */
export function askToConnectAnew(socket: WebSocket): void {
  say(socket, { case: "leave", value: new LeaveRequest({ action: LeaveRequest_Action.RECONNECT }) });
}

function say(socket: WebSocket, message: SignalResponse["message"]): void {
  if (socket.readyState !== 1) return;
  const event = new MessageEvent("message", { data: new Uint8Array(new SignalResponse({ message }).toBinary()).buffer });
  ours.add(event);
  socket.dispatchEvent(event);
}

function read(data: ArrayBuffer): SignalResponse["message"] | null {
  try {
    return readSignal(data);
  } catch {
    return null;
  }
}
