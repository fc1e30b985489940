/** Why there is no camera or microphone, in words that a page can act on. */
import { DuologueError } from "../errors.js";

export type DeviceKind = "camera" | "microphone";
/**
 * `insecure`: the page is not served over HTTPS (nor from this machine), so browsers offer no devices.
 * `unplugged`: it worked and is gone; it is taken again by itself when it is back.
 */
export type DeviceProblem = "denied" | "busy" | "missing" | "unplugged" | "insecure" | "unknown";

export class DeviceError extends DuologueError {
  override readonly name = "DeviceError";

  constructor(
    readonly kind: DeviceKind,
    readonly problem: DeviceProblem,
  ) {
    super(`${kind}: ${problem}`);
  }
}

/** What `getUserMedia` rejected with, translated. */
export function deviceProblem(error: unknown): DeviceProblem {
  switch (nameOf(error)) {
    case "NotAllowedError":
    case "PermissionDeniedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "TrackStartError":
    case "AbortError":
      return "busy";
    case "NotFoundError":
    case "DevicesNotFoundError":
    case "OverconstrainedError":
      return "missing";
    default:
      return "unknown";
  }
}

/** React Native rejects with objects that are no errors, and puts the name of a `DOMException` into its message. */
function nameOf(error: unknown): string {
  const { name = "", message = "" } = Object(error) as { readonly name?: string; readonly message?: string };
  return name === "DOMException" ? message : name;
}
