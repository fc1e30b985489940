/** Media over LiveKit, and the devices of the person. */
export { LiveKitMedia, type LiveKitMediaOptions } from "./livekit.js";
export { LocalDevices, type DeviceChoice, type DevicesState, type Facing } from "./devices.js";
export { DeviceError, type DeviceKind, type DeviceProblem } from "./device-error.js";
export type { FastStartCounts, FastStartParts } from "./fast-start/index.js";
export { LevelMeter } from "./level-meter.js";
export { watchMutedSpeech } from "./muted-speech.js";
export { installLedger, type Ledger, type LedgerCounts } from "./ledger.js";
