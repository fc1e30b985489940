/** Becoming a guest, and staying the same one: over `fetch`, which all hosts have. */
import { TokenError } from "../errors.js";
import type { Environment, ServerConfig } from "../session/api.js";

const REFRESH_KEY = "duologue.refresh";

/** Where something is kept for longer than a session. */
export type Kept = Pick<Environment, "load" | "store">;

interface GuestToken {
  readonly token: string;
  readonly refresh: string;
  readonly person: string;
  readonly expires_at: number;
}

/** A new token each time: tokens are short-lived, and the server may have changed its keys. */
export async function guestToken(config: ServerConfig, kept: Kept): Promise<string> {
  const refresh = kept.load(REFRESH_KEY);
  const response = await postJson(config.guest_url, refresh === null ? {} : { refresh });
  if (response.ok) {
    const guest = (await response.json()) as GuestToken;
    kept.store(REFRESH_KEY, guest.refresh);
    return guest.token;
  }
  if (refresh !== null && (response.status === 400 || response.status === 401)) {
    kept.store(REFRESH_KEY, null); // of another server, or too old: become a new guest
    return guestToken(config, kept);
  }
  throw new TokenError(`guest token: ${response.status}`, response.status === 403, retryAfterMs(response));
}

function postJson(url: string, body: unknown): Promise<Response> {
  const headers = { "content-type": "application/json" };
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" });
}

function retryAfterMs(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}
