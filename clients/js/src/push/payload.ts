/**
 * From a webhook about a call to what FCM and APNs are to be sent. Pure: for the integrator's server.
 *
 * An ended call never rings late. FCM keeps a ring for a phone that is away, but no longer than it rings, and what
 * says how it ended takes its place (`collapse_key`). APNs gives a ring now or never: nothing could take it back.
 */
import { DuologueError } from "../errors.js";
import type { CallPushData } from "./incoming-call.js";

/** The body of a webhook (docs/howto/call-webhooks.md), after its signature was checked. */
export interface CallWebhook {
  readonly id: string;
  /** `call.ringing`, how it ended, `ping`, or what a newer server may tell of. */
  readonly type: string;
  readonly timestamp: string;
  /** Missing in a `ping`. */
  readonly data?: CallData | null;
}

export interface CallData {
  readonly call: string;
  readonly tenant: string;
  readonly mode: string;
  readonly caller: { readonly person: string; readonly alias: string };
  readonly callee: { readonly person: string; readonly alias: string; readonly connected: boolean | null };
  readonly rings_until: string;
}

/** Of FCM's HTTP v1: `{ message: { token, ...fcm } }`. */
export interface FcmMessage {
  readonly data: Readonly<Record<string, string>>;
  readonly android: { readonly priority: "high" | "normal"; readonly ttl: string; readonly collapse_key: string };
}

/** To the token of PushKit: `POST /3/device/{token}` with these headers and this body. */
export interface ApnsVoipPush {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: { readonly aps: object } & CallPushData;
}

export interface CallPush {
  readonly fcm: FcmMessage;
  /** Null for an end: iOS makes a call of every VoIP push, and who was woken hears the end from the session. */
  readonly apns: ApnsVoipPush | null;
}

export interface PushOptions {
  /** Of the app on iOS. */
  readonly bundleId: string;
  /** `Date.now()`; the clock should be right to a second or two. */
  readonly nowMs: number;
}

const ENDS: ReadonlySet<string> = new Set(["accepted", "declined", "cancelled", "missed", "lost"]);
/** Who was away for longer does not want to hear of it any more. */
const MISSED_TTL_S = 86_400;

/** Null: there is nothing to push, since it never rang, rings no more, or is about no call. */
export function incomingCallPayload({ type, data }: CallWebhook, { bundleId, nowMs }: PushOptions): CallPush | null {
  const what = type.replace(/^call\./, "");
  const rings = type === "call.ringing";
  if (data == null || !(rings || (type !== what && ENDS.has(what)))) return null;
  const leftS = Math.max(0, Math.floor((momentOf(data.rings_until) - nowMs) / 1000));
  if (rings && leftS === 0) return null;
  const told = dataOf(what, data);
  return { fcm: fcmMessage(told, what === "missed" ? MISSED_TTL_S : leftS), apns: rings ? apnsPush(told, bundleId) : null };
}

/** CallKit knows calls by UUIDs: this one is the id in other letters, so a call that is told twice is one call. */
export function uuidOf(call: string): string {
  const hex = [...bytesOf(call)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.slice(0, 32).padEnd(32, "0").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function dataOf(what: string, { call, caller, mode, rings_until }: CallData): CallPushData {
  return { duologue: what, call, uuid: uuidOf(call), caller: caller.alias, mode, rings_until };
}

function fcmMessage(told: CallPushData, ttlS: number): FcmMessage {
  const priority = told.duologue === "missed" ? "normal" : "high";
  return { data: { ...told }, android: { priority, ttl: `${ttlS}s`, collapse_key: told.call } };
}

function apnsPush(told: CallPushData, bundleId: string): ApnsVoipPush {
  const headers = { "apns-push-type": "voip", "apns-topic": `${bundleId}.voip`, "apns-priority": "10", "apns-expiration": "0" };
  return { headers, payload: { aps: {}, ...told } };
}

function momentOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new DuologueError(`not a time: ${text.slice(0, 40)}; is it the body of a webhook?`);
  return ms;
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Of base64url; engines of phones need not have `atob`. */
function* bytesOf(text: string): Iterable<number> {
  let [bits, held] = [0, 0];
  for (const letter of text) {
    held = ((held << 6) | Math.max(0, LETTERS.indexOf(letter))) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    yield (held >> bits) & 0xff;
  }
}
