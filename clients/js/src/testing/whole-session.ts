/**
 * A whole session in a world of ECMAScript alone: find, talk in text, next into a talk with media, leave it while it
 * is joined, stop, close. What an engine lacks ends it with a `ReferenceError`.
 */
import { RandomChatSession, type AbortSignalLike, type Environment, type MediaAdapter } from "../index.js";
import { FakeServer } from "./fake-server.js";

const CONFIG = { websocket_url: "ws://gateway.test", guest_url: "", modes: ["video", "text"], guest_scope: "tab" } as const;

/** What the person went through, in order. */
export async function wholeSession(): Promise<string[]> {
  const [server, world, media] = [new FakeServer(), new Nowhere(), new SlowMedia()];
  const session = new RandomChatSession({ config: CONFIG, environment: world.environment(server), media });
  const story: string[] = [];
  session.subscribe(() => note(story, `${session.state.connection.status} ${session.state.phase}`));

  session.start();
  await settled();
  session.find({ mode: "text" });
  await settled();
  server.push(server.matched("a", 1, null));
  server.push({ type: "talking", rev: server.next(), pair: "a", since: world.now });
  await settled();
  session.sendChat("hello");
  await settled();
  note(story, `sent ${server.last("chat").text}`);

  session.next();
  await settled();
  server.push(server.matched("b", 2));
  await settled();
  session.stop(); // in the middle of the join
  await settled();
  note(story, `aborted ${String(media.aborted)}`);

  await session.close();
  note(story, `timers ${world.timers.size}`);
  return story;
}

function note(story: string[], line: string): void {
  if (story.at(-1) !== line) story.push(line);
}

/** Everything that needs no timer has happened. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

/** Time stands still here. */
class Nowhere {
  readonly now = 1_000;
  readonly timers = new Set<object>();
  readonly #kept = new Map<string, string>();

  environment(server: FakeServer): Environment {
    return {
      now: () => this.now,
      random: () => 0.5,
      setTimer: (run) => {
        const timer = { run };
        this.timers.add(timer);
        return () => void this.timers.delete(timer);
      },
      openSocket: server.open,
      token: () => Promise.resolve("token"),
      load: (key) => this.#kept.get(key) ?? null,
      store: (key, value) => {
        if (value === null) this.#kept.delete(key);
        else this.#kept.set(key, value);
      },
    };
  }
}

/** A join ends when it is called off, and not before. */
class SlowMedia implements MediaAdapter {
  readonly ledger = { built: 0, live: 0, swept: 0 };
  aborted = false;

  join(_: unknown, __: unknown, signal: AbortSignalLike): Promise<void> {
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => {
        this.aborted = true;
        reject(new Error("aborted"));
      });
    });
  }

  readonly leave = (): Promise<void> => Promise.resolve();
  readonly setMicrophone = this.leave;
  readonly setCamera = this.leave;
}
