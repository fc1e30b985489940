/**
 * What can go wrong outside the protocol.
 *
 *     DuologueError
 *     ├── TokenError    no token to be had
 *     └── DeviceError   no camera or microphone to be had (media/devices.ts)
 */
export class DuologueError extends Error {
  override readonly name: string = "DuologueError";
}

/**
 * `Environment.token` rejects with it to steer the reconnect: `refused` means that asking again is
 * useless; otherwise the next try comes after `retryAfterMs`, or with the usual back-off if null.
 */
export class TokenError extends DuologueError {
  override readonly name = "TokenError";

  constructor(
    message: string,
    readonly refused: boolean,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
}

/** Makes the compiler prove that a union was handled to the end. */
export function assertNever(value: never): never {
  throw new DuologueError(`not handled: ${JSON.stringify(value)}`);
}
