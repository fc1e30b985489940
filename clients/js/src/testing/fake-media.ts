/** Media that a test conducts: joins end when told, and every overlap of operations is noted. */
import type { AbortSignalLike } from "../session/abort.js";
import type { MediaAdapter, MediaEvents, MediaInspection } from "../session/api.js";
import type { Credentials, Mode } from "../protocol.gen.js";

interface Join {
  readonly token: string;
  readonly mode: Mode;
  readonly events: MediaEvents;
  succeed(): void;
  fail(detail: string): void;
}

export class FakeMedia implements MediaAdapter {
  readonly log: string[] = [];
  readonly joins: Join[] = [];
  /** Operations that began while another one ran. */
  overlaps = 0;
  /** Somebody is in a room, or on the way into one, and has not left it. */
  joined = false;
  /** Joins that began before the one before was left. */
  unleft = 0;
  /** Joins succeed by themselves. */
  easy = true;
  /** How long a leave takes. */
  leaveMs = 0;
  ledger = { built: 0, live: 0, swept: 0 };
  inspection: MediaInspection = { room: "none", connections: [], versions: { livekit: "2.23.0" } };
  #running = 0;

  join(credentials: Credentials, events: MediaEvents, signal: AbortSignalLike, mode: Mode): Promise<void> {
    return this.#during(`join ${credentials.token}`, () => {
      if (this.joined) this.unleft += 1;
      this.joined = true;
      this.ledger = { ...this.ledger, built: this.ledger.built + 1 };
      let stopping: ReturnType<typeof setTimeout> | undefined;
      const joined = new Promise<void>((resolve, reject) => {
        signal.addEventListener("abort", () => {
          this.log.push(`abort ${credentials.token}`);
          stopping = setTimeout(() => reject(new Error("aborted")), 30); // a real library needs a moment to stop
        });
        this.joins.push({ token: credentials.token, mode, events, succeed: resolve, fail: (detail) => reject(new Error(detail)) });
        if (this.easy) resolve();
      });
      return joined.finally(() => clearTimeout(stopping));
    });
  }

  leave(): Promise<void> {
    return this.#during("leave", async () => {
      await new Promise((resolve) => setTimeout(resolve, this.leaveMs));
      this.joined = false;
    });
  }

  setMicrophone(on: boolean): Promise<void> {
    this.log.push(`microphone ${String(on)}`);
    return Promise.resolve();
  }

  setCamera(on: boolean): Promise<void> {
    this.log.push(`camera ${String(on)}`);
    return Promise.resolve();
  }

  inspect(): MediaInspection {
    return this.inspection;
  }

  get lastJoin(): Join {
    const join = this.joins.at(-1);
    if (join === undefined) throw new Error("nothing was joined");
    return join;
  }

  async #during(what: string, run: () => Promise<void>): Promise<void> {
    this.log.push(what);
    if (this.#running > 0) this.overlaps += 1;
    this.#running += 1;
    try {
      await run();
    } finally {
      this.#running -= 1;
    }
  }
}
