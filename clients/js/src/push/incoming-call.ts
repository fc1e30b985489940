/** What an app reads in a push about a call, whichever service brought it. Pure. */

/** All are texts, since FCM carries nothing else. */
export interface CallPushData {
  /** `ringing`, or how it ended: `accepted`, `declined`, `cancelled`, `missed`, `lost`. */
  readonly duologue: string;
  readonly call: string;
  /** The same call, as CallKit wants its name. */
  readonly uuid: string;
  /** Another name in each call, and chosen by nobody. */
  readonly caller: string;
  readonly mode: string;
  /** ISO 8601. */
  readonly rings_until: string;
}

export interface IncomingCall {
  readonly call: string;
  readonly uuid: string;
  readonly caller: string;
  readonly mode: "video" | "voice";
  /** In milliseconds of the server's clock: do not ring after it. */
  readonly ringsUntil: number;
  /** How it ended; null: it rings. */
  readonly ended: string | null;
}

/** Null: the push is about something else. Takes FCM's `data` and the payload of a VoIP push alike. */
export function incomingCall(push: unknown): IncomingCall | null {
  const { duologue, call, uuid, caller, mode, rings_until } = Object(push) as Readonly<Record<string, unknown>>;
  const texts = [duologue, call, uuid, caller, mode, rings_until];
  if (!texts.every((text) => typeof text === "string")) return null;
  const ringsUntil = Date.parse(String(rings_until));
  if (Number.isNaN(ringsUntil)) return null;
  return {
    call: String(call),
    uuid: String(uuid),
    caller: String(caller),
    mode: mode === "voice" ? "voice" : "video",
    ringsUntil,
    ended: duologue === "ringing" ? null : String(duologue),
  };
}
