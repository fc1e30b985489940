/**
 * One connection to the gateway that comes back by itself.
 *
 * Knows how to come in, commands and their answers, and when to come back.
 * Must not know what the messages mean for a person.
 */
import { PROTOCOL_VERSION, CloseCode, type Command, type Hello, type Push, type Ready, type Reply, type RingingState, type ServerMessage, type Signal, type Standby } from "./protocol.gen.js";
import { TokenError } from "./errors.js";
import { Link } from "./link.js";
import { Outbox } from "./outbox.js";
import { Reserve } from "./reserve.js";
import type { Environment, LifecycleEvent, ServerConfig } from "./session/api.js";
import { Retries } from "./session/backoff.js";
import { closePolicy, closeReason } from "./session/closecodes.js";
import { isOld } from "./session/news.js";
import { renewInMs } from "./session/renewal.js";
import type { ConnectionState } from "./session/state.js";
import type { CommandBody } from "./session/wire.js";
import { VERSION } from "./version.js";

const RESUME_KEY = "duologue.resume";
/** A script may not close with 1001, which a browser sends for a page that goes: this says the same of one that it keeps. */
const PAGE_LEFT = 3001;
const CLIENT = { name: "duologue-js", version: VERSION };
/** After the network or the page came back, a socket that is still alive answers within this. */
const PROBE_MS = 4_000;

export interface SocketHandlers {
  connection(state: ConnectionState): void;
  /** After it, commands without an answer are on their way again. `skewMs`: the server's clock minus ours. */
  ready(ready: Ready, skewMs: number, samePerson: boolean): void;
  /** Standing by again after a lost link. `ringing`: the call that rings, or rings on, here. */
  standby(ringing: RingingState | null, skewMs: number): void;
  push(push: Push): void;
  /** Exactly once for every command, unless the person changes or `close` comes first. */
  answer(command: CommandBody, reply: Reply): void;
}

export interface SocketOptions {
  /** Stay connected where another session of the person takes over; see `LineOptions.standBy`. */
  readonly standBy?: boolean;
}

export class Socket {
  readonly #config: ServerConfig;
  readonly #environment: Environment;
  readonly #handlers: SocketHandlers;
  readonly #outbox: Outbox;
  readonly #reserve: Reserve;
  /** Of the moment; an older one is not listened to. */
  #link: Link | null = null;
  /** Counts tries, so that a token that arrives too late opens nothing. */
  #turn = 0;
  #running = false;
  /** Let go for another session of the same person. */
  #replaced = false;
  #retries = new Retries();
  #freshToken = false;
  #hidden = false;
  #asleep = false;
  #rev = 0;
  #person: string | null = null;
  #cancelRetry: (() => void) | null = null;
  #cancelRenew: (() => void) | null = null;

  constructor(config: ServerConfig, environment: Environment, handlers: SocketHandlers, options: SocketOptions = {}) {
    this.#reserve = new Reserve(options.standBy ?? false);
    this.#config = config;
    this.#environment = environment;
    this.#handlers = handlers;
    this.#outbox = new Outbox(() => environment.random());
  }

  /** It speaks for the person. Where it stands by it does not. */
  get online(): boolean {
    return this.#link?.isReady === true && !this.#reserve.standsBy;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#replaced = false;
    this.#retries = new Retries();
    this.#reserve.comeForward();
    void this.#open();
  }

  /** Sent now, or after the next `ready`, and again after every resume until it is answered. */
  command(body: CommandBody): void {
    const command = this.#outbox.add(body);
    if (command === null) {
      const error = { code: "unavailable", message: "too many commands without an answer", temporary: true } as const;
      this.#handlers.answer(body, { type: "reply", id: "", ok: false, error });
    } else if (this.#link?.isReady === true && !this.#reserve.busy) {
      this.#say(this.#link, command);
    }
  }

  /** What was not said yet, and what might have to be said again, is not. */
  withdraw(type: CommandBody["type"]): void {
    this.#outbox.withdraw(type);
  }

  /** Be the active session again: by a token, since that of the other one came after ours. */
  takeOver(): void {
    if (!this.#running && this.#replaced) return this.start();
    if (!this.#running || !this.#reserve.standsBy || this.#reserve.accepting) return;
    this.#reserve.comeForward();
    if (this.#cancelRetry !== null) return this.reconnectNow();
    this.#handlers.connection({ status: "connecting" });
    if (this.#link?.isReady === true) void this.#comeForward(this.#link); // else with the greeting, or right after it
  }

  async #comeForward(link: Link): Promise<void> {
    link.comeInAgain();
    const token = await this.#token(this.#turn);
    if (token !== null && this.#link === link) this.#auth(link, token);
  }

  /** Sent now or never. */
  signal(signal: Signal): void {
    if (this.#link?.isReady === true) this.#link.send(signal);
  }

  /** Something else says that the network may be gone: a connection that lives answers soon. */
  doubt(): void {
    this.#probe();
  }

  /** Do not wait for the countdown. */
  reconnectNow(): void {
    if (!this.#running || this.#link !== null || this.#cancelRetry === null) return;
    this.#retries.afresh();
    void this.#open();
  }

  lifecycle(event: LifecycleEvent): void {
    this.#hidden = event === "hidden" || (event !== "visible" && this.#hidden);
    if (!this.#running) return;
    switch (event) {
      case "frozen":
        return this.#freeze();
      case "unloading": // the browser closes with 1001, which holds the seat only briefly
        return this.#sleep();
      case "resumed":
      case "visible":
        return this.#wake();
      case "offline":
      case "hidden":
        return this.#probe();
    }
  }

  /** Say goodbye, which frees the seat at once, and forget the session. */
  close(): void {
    if (!this.#running) return;
    this.signal({ type: "bye" });
    this.#running = false;
    this.#hangUp();
    this.#reserve.comeForward();
    this.#outbox.clear();
    this.#person = null;
    this.#environment.store(RESUME_KEY, null);
    this.#handlers.connection({ status: "offline" });
  }

  // --- opening ---

  async #open(): Promise<void> {
    this.#stopTimers();
    this.#asleep = false;
    const turn = ++this.#turn;
    this.#tell({ status: "connecting" });
    const resume = this.#freshToken || this.#reserve.standsBy ? null : this.#environment.load(RESUME_KEY);
    const token = resume === null ? await this.#token(turn) : null;
    if (turn !== this.#turn || (resume === null && token === null)) return;
    this.#dial((link) => (resume === null ? this.#comeIn(link, token ?? "") : this.#resume(link, resume)));
  }

  /** Who stands by goes on doing so without a link: what the person does is elsewhere. */
  #tell(state: ConnectionState): void {
    this.#handlers.connection(this.#reserve.standsBy ? { status: "standby", away: true } : state);
  }

  /** Null: none to be had (the next try is arranged), or too late. */
  async #token(turn: number): Promise<string | null> {
    try {
      const token = await this.#environment.token(this.#freshToken);
      if (turn !== this.#turn) return null;
      this.#freshToken = false;
      return token;
    } catch (error) {
      if (turn === this.#turn) this.#withoutToken(error);
      return null;
    }
  }

  #withoutToken(error: unknown): void {
    this.#log("warn", "token.failed", { error: error instanceof Error ? error.name : "unknown" });
    const told = error instanceof TokenError ? error : null;
    this.#hangUp();
    if (told?.refused === true) return this.#refuse(CloseCode.INVALID_TOKEN, "no token");
    this.#retry(told?.retryAfterMs ?? null);
  }

  #dial(greet: (link: Link) => void): void {
    const socket = this.#environment.openSocket(this.#config.websocket_url, PROTOCOL_VERSION);
    const link = new Link(this.#environment, socket, {
      heard: (message) => this.#heard(link, message, greet),
      closed: (code, reason) => this.#closed(code, reason),
      silent: (ms) => {
        this.#log("warn", "socket.silent", { ms });
        this.#closed(1006, "silence");
      },
      drained: () => {
        this.#hangUp();
        void this.#open();
      },
    });
    this.#link = link;
  }

  #comeIn(link: Link, token: string): void {
    if (!this.#reserve.standsBy) return this.#auth(link, token);
    this.#reserve.ask();
    link.send({ type: "stand_by", token, client: CLIENT });
  }

  #auth(link: Link, token: string): void {
    link.send({ type: "auth", token, client: CLIENT });
  }

  #resume(link: Link, resumeToken: string): void {
    link.send({ type: "resume", resume_token: resumeToken, rev: this.#rev, client: CLIENT });
  }

  // --- hearing ---

  #heard(link: Link, message: ServerMessage | null, greet: (link: Link) => void): void {
    if (message === null) return this.#log("warn", "socket.not_a_message", {});
    switch (message.type) {
      case "hello":
        return this.#hello(link, message, greet);
      case "invalid_session":
        return void this.#invalid(link, message.retry);
      case "ready":
        return this.#ready(link, message);
      case "reply":
        return this.#reply(link, message);
      case "ping":
        return link.send({ type: "pong" });
      case "drain":
        return link.drain(message.retry_after_ms);
      case "standby":
        return this.#standsBy(link, message);
      case "refreshed":
        this.#environment.store(RESUME_KEY, message.resume_token);
        return this.#renewLater(link, message.expires_at);
      default:
        return this.#push(message);
    }
  }

  #hello(link: Link, hello: Hello, greet: (link: Link) => void): void {
    if (hello.v !== PROTOCOL_VERSION) return this.#refuse(CloseCode.UNSUPPORTED_VERSION, `server speaks ${hello.v}`);
    link.greeted(hello);
    greet(link);
  }

  /** The person went on elsewhere. Coming back as the active session would take over from there. */
  #standsBy(link: Link, { rev, expires_at: expiresAt, ringing }: Standby): void {
    if (!this.#reserve.possible) return this.#refuse(CloseCode.REPLACED, "replaced");
    const asked = this.#reserve.told();
    this.#rev = rev;
    link.seatMs = null;
    this.#environment.store(RESUME_KEY, null); // the other one's came after it
    if (!asked) return this.#handlers.connection({ status: "standby" });
    if (!this.#reserve.standsBy) return void this.#comeForward(link); // they asked for it meanwhile
    link.ready(null);
    this.#handlers.connection({ status: "standby" });
    this.#renewLater(link, expiresAt ?? null);
    this.#handlers.standby(ringing ?? null, link.skewMs);
    this.#sayAll(link);
  }

  #say(link: Link, command: Command): void {
    this.#reserve.saying(command);
    link.send(command);
  }

  /** What has no answer yet, as far as it may be said. */
  #sayAll(link: Link): void {
    for (const command of this.#outbox.all()) {
      if (this.#link === link && !this.#reserve.busy) this.#say(link, command);
    }
  }

  async #invalid(link: Link, retry: boolean): Promise<void> {
    this.#environment.store(RESUME_KEY, null);
    if (!retry) return; // the close that follows says why
    const token = await this.#token(this.#turn);
    if (token !== null && this.#link === link) this.#auth(link, token);
  }

  #ready(link: Link, ready: Ready): void {
    const accepted = this.#reserve.ready();
    link.ready(ready.seat_ms ?? null);
    this.#environment.store(RESUME_KEY, ready.resume_token);
    this.#rev = ready.rev;
    const samePerson = this.#person === null || this.#person === ready.self.person;
    if (!samePerson) this.#outbox.clear();
    this.#person = ready.self.person;
    this.#handlers.connection({ status: "online" });
    this.#outbox.forgetWithdrawn();
    for (const command of this.#outbox.all()) if (command.id !== accepted) link.send(command);
    if (this.#hidden) this.command({ type: "hidden", value: true });
    this.#handlers.ready(ready, link.skewMs, samePerson);
    this.#renewLater(link, ready.expires_at ?? null);
  }

  /** A talk must not break off because a token ends. */
  #renewLater(link: Link, expiresAt: number | null): void {
    this.#cancelRenew?.();
    this.#cancelRenew = null;
    if (expiresAt === null) return;
    const delayMs = renewInMs(expiresAt, this.#environment.now() + link.skewMs, this.#environment.random());
    if (delayMs !== null) this.#cancelRenew = this.#environment.setTimer(() => void this.#renew(link, expiresAt), delayMs);
  }

  async #renew(link: Link, expiresAt: number): Promise<void> {
    this.#renewLater(link, expiresAt); // should this one fail
    const token = await this.#environment.token(true).catch(() => null);
    if (token !== null && this.#link === link) this.command({ type: "refresh", token });
  }

  #reply(link: Link, reply: Reply): void {
    const body = this.#outbox.take(reply.id);
    if (this.#reserve.answered(reply.id)) this.#sayAll(link); // somebody else took that call
    if (body !== null) this.#handlers.answer(body, reply);
  }

  #push(push: Push): void {
    if ("rev" in push) {
      if (isOld(push, this.#rev)) return this.#log("debug", "push.old", { type: push.type, rev: push.rev });
      this.#rev = push.rev;
    }
    this.#handlers.push(push);
  }

  // --- closing ---

  #closed(code: number, reason: string): void {
    const olderServer = this.#reserve.asking && code === CloseCode.PROTOCOL_ERROR;
    const toldMs = this.#link?.drainLeftMs ?? null;
    this.#hangUp();
    if (olderServer) return this.#refuse(CloseCode.REPLACED, "replaced"); // all that is left would take over
    const policy = closePolicy(code, toldMs);
    this.#log(policy.kind === "never" ? "warn" : "info", "socket.closed", { code, next: policy.kind });
    switch (policy.kind) {
      case "never":
        return this.#refuse(code, closeReason(code, reason));
      case "token":
        this.#freshToken = true;
        this.#environment.store(RESUME_KEY, null);
        return this.#retry(null);
      case "after":
        return this.#retry(policy.delayMs);
      case "now":
        return this.#retry(null);
    }
  }

  #retry(toldMs: number | null): void {
    const now = this.#environment.now();
    const waitMs = this.#retries.next(toldMs, now, this.#environment.random());
    this.#cancelRetry = this.#environment.setTimer(() => void this.#open(), waitMs);
    this.#tell({ status: "reconnecting", retryAt: now + waitMs, attempt: this.#retries.failures });
  }

  #refuse(code: number, reason: string): void {
    this.#running = false;
    this.#replaced = code === CloseCode.REPLACED;
    this.#hangUp();
    this.#reserve.comeForward();
    this.#outbox.clear();
    this.#environment.store(RESUME_KEY, null);
    this.#handlers.connection({ status: "refused", code, reason });
  }

  /** Let go of the link without a `bye`; whatever it still says is ignored. */
  #hangUp(code = 1000): void {
    this.#turn += 1;
    this.#stopTimers();
    this.#reserve.linkLost();
    const link = this.#link;
    this.#link = null;
    if (link === null) return;
    if (link.isReady) this.#retries.lost(link.readyMs, link.seatMs, this.#environment.now());
    link.close(code);
  }

  // --- the page ---

  /** Into the back-forward cache: an open socket would not survive it, and the seat is to be held for as long as a reload takes. */
  #freeze(): void {
    this.#hangUp(PAGE_LEFT);
    this.#asleep = true;
    this.#tell({ status: "reconnecting", retryAt: this.#environment.now(), attempt: 1 });
  }

  #sleep(): void {
    this.#stopTimers();
    this.#asleep = true;
  }

  #wake(): void {
    if (this.#link !== null) return this.#probe();
    if (!this.#asleep && this.#cancelRetry === null) return; // on its way already
    this.#retries.afresh();
    void this.#open();
  }

  /** A command must be answered, so it tells a live socket from a dead one; this one is also news. */
  #probe(): void {
    const link = this.#link;
    if (link?.isReady !== true || this.#reserve.busy) return;
    link.answerWithin(PROBE_MS);
    this.command({ type: "hidden", value: this.#hidden });
  }

  #stopTimers(): void {
    this.#cancelRetry?.();
    this.#link?.sleep();
    this.#cancelRenew?.();
    this.#cancelRetry = this.#cancelRenew = null;
  }

  #log(level: "debug" | "info" | "warn", event: string, fields: Record<string, unknown>): void {
    this.#environment.log?.(level, event, fields);
  }
}
