/**
 * A session in React Native, on `@livekit/react-native` and `@livekit/react-native-webrtc`.
 *
 * The app hands in what it has of them (`AudioSession`, `AppState`, a storage), so this package depends on neither,
 * and all of this runs in a test without a phone. Hooks are those of `@duologue/client/react`.
 */
export { loadConfig } from "../host/config.js";
export { DeviceError, type DeviceKind, type DeviceProblem } from "../media/device-error.js";
export { LocalDevices, type DeviceChoice, type DevicesState, type Facing } from "../media/devices.js";
export { incomingCall, type IncomingCall } from "../push/incoming-call.js";
export { PhoneCalls, type CallScreenLike, type CallsLike } from "./calls.js";
export { reactNativeEnvironment, type ReactNativeOptions } from "./environment.js";
export { appLifecycle, type AppStateLike, type NetInfoLike } from "./lifecycle.js";
export { ReactNativeMedia, type ReactNativeMediaOptions } from "./media.js";
export { AudioOutput, type AudioSessionLike } from "./sound.js";
export { preload, type AsyncStorageLike } from "./storage.js";
