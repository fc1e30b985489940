/** A session, a fake server and fake media in one place, on a clock that the test moves. */
import { vi } from "vitest";
import { Line } from "../line.js";
import { RandomChatSession } from "../random-chat-session.js";
import type { Environment, LifecycleEvent, LineOptions, RandomChatOptions } from "../session/api.js";
import { VideoCallSession } from "../video-call-session.js";
import { FakeMedia } from "./fake-media.js";
import { FakeServer } from "./fake-server.js";

export const CONFIG = {
  websocket_url: "ws://gateway.test",
  guest_url: "http://api.test/guest",
  modes: ["video", "text"],
  guest_scope: "tab",
} as const;

export class World {
  readonly server = new FakeServer();
  readonly media = new FakeMedia();
  /** Survives a reload. */
  readonly kept = new Map<string, string>();
  readonly tokensAsked: boolean[] = [];
  readonly environment: Environment;
  tell: (event: LifecycleEvent) => void = () => undefined;

  constructor(overrides: Partial<Environment> = {}) {
    this.environment = {
      now: () => Date.now(),
      random: () => 0.5,
      setTimer: (run, delayMs) => {
        const timer = setTimeout(run, delayMs);
        return () => clearTimeout(timer);
      },
      openSocket: this.server.open,
      token: (fresh) => {
        this.tokensAsked.push(fresh);
        return Promise.resolve(`token-${this.tokensAsked.length}`);
      },
      load: (key) => this.kept.get(key) ?? null,
      store: (key, value) => {
        if (value === null) this.kept.delete(key);
        else this.kept.set(key, value);
      },
      lifecycle: {
        listen: (listener) => {
          this.tell = listener;
          return () => (this.tell = () => undefined);
        },
      },
      ...overrides,
    };
  }

  session(options: Partial<RandomChatOptions> = {}): RandomChatSession {
    return new RandomChatSession({ config: CONFIG, environment: this.environment, media: this.media, ...options });
  }

  /** A call session that is online, over a line of its own. */
  async calls(options: Partial<LineOptions> = {}): Promise<VideoCallSession> {
    const calls = new VideoCallSession({ config: CONFIG, environment: this.environment, media: this.media, ...options });
    calls.start();
    await settle();
    return calls;
  }

  /** Both sessions of one line. */
  async both(options: Partial<LineOptions> = {}): Promise<[RandomChatSession, VideoCallSession]> {
    const line = new Line({ config: CONFIG, environment: this.environment, media: this.media, ...options });
    const both: [RandomChatSession, VideoCallSession] = [new RandomChatSession(line), new VideoCallSession(line)];
    line.start();
    await settle();
    return both;
  }

  /** A session that is online. */
  async online(options: Partial<RandomChatOptions> = {}): Promise<RandomChatSession> {
    const session = this.session(options);
    session.start();
    await settle();
    return session;
  }

  /** A session that talks in the pair `a`, found with attempt 1. */
  async talking(options: Partial<RandomChatOptions> = {}): Promise<RandomChatSession> {
    const session = await this.online(options);
    session.find({ mode: "video" });
    await settle();
    this.server.push(this.server.matched("a", 1));
    await settle();
    this.server.push({ type: "talking", rev: this.server.next(), pair: "a", since: Date.now() });
    await settle();
    return session;
  }
}

/** Let everything happen that needs no time (or `ms`). */
export async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}
