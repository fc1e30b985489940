/** Calls that wake phones: what a server sends, and what an app reads. Needs nothing but the language. */
export { incomingCall, type CallPushData, type IncomingCall } from "./incoming-call.js";
export { incomingCallPayload, uuidOf, type ApnsVoipPush, type CallData, type CallPush, type CallWebhook, type FcmMessage, type PushOptions } from "./payload.js";
