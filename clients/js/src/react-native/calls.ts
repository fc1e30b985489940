/**
 * Direct calls on the phone's own call screen (CallKit, ConnectionService), however one hears of them.
 *
 * A call is told by a push, by the session, or by both, in any order, and its end too; it is one call by its UUID.
 * The screen may be answered before the session knows of the call: it is taken as soon as it does.
 */
import { incomingCall, type IncomingCall } from "../push/incoming-call.js";
import { uuidOf } from "../push/payload.js";

/** `VideoCallSession`. */
export interface CallsLike {
  readonly state: {
    readonly connection: { readonly status: string; readonly away?: true };
    readonly call: { readonly id: string | null; readonly outgoing: boolean; readonly alias: string | null; readonly mode: string; readonly expiresAt: number | null } | null;
    readonly pair: { readonly call?: string } | null;
  };
  subscribe(listener: () => void): () => void;
  accept(): void;
  decline(): void;
  hangUp(): void;
}

/** The default export of `react-native-callkeep`. */
export interface CallScreenLike {
  displayIncomingCall(uuid: string, handle: string, name?: string, handleType?: "generic", hasVideo?: boolean): void;
  answerIncomingCall(uuid: string): void;
  reportEndCallWithUUID(uuid: string, reason: number): void;
  addEventListener(type: "answerCall" | "endCall", handler: (event: { callUUID: string }) => void): { remove(): void };
}

/** As CallKeep numbers them, on both systems. */
export const EndReason = { REMOTE_ENDED: 2, UNANSWERED: 3, ANSWERED_ELSEWHERE: 4 } as const;

/** A session that is online hears of a call about when the push comes; one that it does not know by then is over. */
export const UNKNOWN_MS = 5_000;
/** Ends that came before their ring. */
const REMEMBERED = 20;

interface Ring {
  readonly uuid: string;
  readonly call: string;
  /** What the person did on the screen. */
  wants: "answer" | "end" | null;
  /** `known` to the session, or talking. */
  where: "told" | "known" | "talking";
  /** Ends the ring: nobody answers, or the session knows nothing of it. */
  readonly timers: Map<"ring" | "unknown", ReturnType<typeof setTimeout>>;
}

export class PhoneCalls {
  readonly #session: CallsLike;
  readonly #screen: CallScreenLike;
  readonly #rings = new Map<string, Ring>();
  readonly #over: string[] = [];
  /** Pressed on a screen that the system showed before the app ran. */
  readonly #early = new Map<string, "answer" | "end">();
  readonly #stop: readonly (() => void)[];

  /** Listens until `close`. */
  constructor(session: CallsLike, screen: CallScreenLike) {
    this.#session = session;
    this.#screen = screen;
    const answer = screen.addEventListener("answerCall", (event) => this.pressed(event.callUUID, "answer"));
    const end = screen.addEventListener("endCall", (event) => this.pressed(event.callUUID, "end"));
    this.#stop = [session.subscribe(() => this.#look()), () => answer.remove(), () => end.remove()];
    this.#look();
  }

  /** FCM's `data`, or the payload of a VoIP push. False: it is about something else. */
  push(data: unknown): boolean {
    const call = incomingCall(data);
    if (call === null) return false;
    if (call.ended !== null) this.#end(call.uuid, reasonOf(call.ended));
    else this.#begin(call);
    this.#look();
    return true;
  }

  /** On the call screen, which may be before a push told of the call: CallKeep keeps what was pressed before the app ran. */
  pressed(callUUID: string, what: "answer" | "end"): void {
    const uuid = callUUID.toLowerCase(); // CallKit's are in capitals
    const ring = this.#rings.get(uuid);
    if (ring === undefined) {
      if (!this.#over.includes(uuid)) this.#early.set(uuid, what);
      return;
    }
    if (ring.wants === what) return;
    ring.wants = what;
    if (ring.where !== "told") this.#act(ring);
  }

  /** The call screen is left as it is. */
  close(): void {
    for (const stop of this.#stop) stop();
    for (const { timers } of this.#rings.values()) for (const timer of timers.values()) clearTimeout(timer);
    this.#rings.clear();
  }

  #begin({ uuid, call, caller, mode, ringsUntil }: Omit<IncomingCall, "ended">): void {
    const leftMs = ringsUntil - Date.now();
    if (this.#rings.has(uuid) || this.#over.includes(uuid) || leftMs <= 0) return;
    const timer = setTimeout(() => this.#end(uuid, EndReason.UNANSWERED), leftMs);
    const wants = this.#early.get(uuid) ?? null;
    this.#early.delete(uuid);
    this.#rings.set(uuid, { uuid, call, wants, where: "told", timers: new Map([["ring", timer]]) });
    if (wants === null) this.#screen.displayIncomingCall(uuid, caller, caller, "generic", mode === "video");
  }

  /** What the session knows now, of calls that it and we know. */
  #look(): void {
    const { call, pair } = this.#session.state;
    if (call !== null && call.id !== null && !call.outgoing && call.expiresAt !== null) {
      const { id, alias, mode, expiresAt } = call;
      this.#begin({ uuid: uuidOf(id), call: id, caller: alias ?? "", mode: mode === "voice" ? "voice" : "video", ringsUntil: expiresAt });
    }
    for (const ring of [...this.#rings.values()]) this.#compare(ring, call?.id === ring.call, pair?.call === ring.call);
  }

  #compare(ring: Ring, rings: boolean, talks: boolean): void {
    if (talks) return this.#talks(ring);
    if (rings) return this.#known(ring);
    if (ring.where !== "told") return this.#end(ring.uuid, EndReason.REMOTE_ENDED);
    if (!hears(this.#session.state.connection) || ring.timers.has("unknown")) return;
    ring.timers.set("unknown", setTimeout(() => this.#end(ring.uuid, EndReason.REMOTE_ENDED), UNKNOWN_MS));
  }

  #known(ring: Ring): void {
    if (ring.where !== "told") return;
    ring.where = "known";
    stopTimer(ring, "unknown");
    this.#act(ring);
  }

  /** By the screen, or by a button of the app: then the screen has to be told. */
  #talks(ring: Ring): void {
    if (ring.where === "talking") return;
    ring.where = "talking";
    stopTimer(ring, "unknown");
    stopTimer(ring, "ring");
    if (ring.wants === null) this.#screen.answerIncomingCall(ring.uuid);
    if (ring.wants === "end") this.#act(ring);
  }

  #act(ring: Ring): void {
    if (ring.wants === null) return;
    if (ring.wants === "answer") return ring.where === "known" ? this.#session.accept() : undefined;
    this.#forget(ring); // before the session says that it is over: the screen knows
    if (ring.where === "talking") this.#session.hangUp();
    else this.#session.decline();
  }

  #end(uuid: string, reason: number): void {
    const ring = this.#rings.get(uuid);
    if (ring?.where === "talking" && reason !== EndReason.REMOTE_ENDED) return; // it was answered here
    if (ring !== undefined && ring.wants !== "end") this.#screen.reportEndCallWithUUID(uuid, reason);
    if (ring !== undefined) this.#forget(ring);
    else this.#remember(uuid);
  }

  #forget(ring: Ring): void {
    stopTimer(ring, "ring");
    stopTimer(ring, "unknown");
    this.#rings.delete(ring.uuid);
    this.#remember(ring.uuid);
  }

  #remember(uuid: string): void {
    this.#over.push(uuid);
    if (this.#over.length > REMEMBERED) this.#over.shift();
  }
}

function stopTimer(ring: Ring, name: "ring" | "unknown"): void {
  clearTimeout(ring.timers.get(name));
  ring.timers.delete(name);
}

function reasonOf(ended: string): number {
  if (ended === "accepted") return EndReason.ANSWERED_ELSEWHERE;
  return ended === "missed" ? EndReason.UNANSWERED : EndReason.REMOTE_ENDED;
}

/** All devices ring, also one that another took over from, as long as it has a connection. */
function hears(connection: CallsLike["state"]["connection"]): boolean {
  return connection.status === "online" || (connection.status === "standby" && connection.away !== true);
}
