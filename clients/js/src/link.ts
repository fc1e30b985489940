/**
 * One WebSocket, from dialling until it is let go: the greeting, how long it may be silent, and when to leave it.
 *
 * Must not know how a link comes in, what messages are for, nor what follows its end.
 */
import type { ClientMessage, Hello, ServerMessage } from "./protocol.gen.js";
import type { Environment, SocketLike } from "./session/api.js";
import { decode, encode } from "./session/wire.js";

/** From opening the socket to `ready`; the server's own deadline for `auth` is 10 s. */
const HANDSHAKE_MS = 10_000;

export interface LinkHandlers {
  /** Null: it was no message. */
  heard(message: ServerMessage | null): void;
  closed(code: number, reason: string): void;
  /** Nothing came for too long: the server is gone, whatever the browser believes. */
  silent(ms: number): void;
  /** The time to leave it has come. */
  drained(): void;
}

export class Link {
  /** The server's clock minus ours. */
  skewMs = 0;
  /** How long the server keeps what the person does once this is lost; null: nothing is kept here, or nobody told. */
  seatMs: number | null = null;
  readonly #environment: Environment;
  readonly #socket: SocketLike;
  readonly #handlers: LinkHandlers;
  #hello: Hello | null = null;
  #readyAt: number | null = null;
  #heardAt: number;
  /** Silence beyond this instant is too long, whatever the heartbeat allows. */
  #patience = 0;
  #cancelWatch: (() => void) | null = null;
  #drainAt: number | null = null;
  #cancelDrain: (() => void) | null = null;

  constructor(environment: Environment, socket: SocketLike, handlers: LinkHandlers) {
    this.#environment = environment;
    this.#socket = socket;
    this.#handlers = handlers;
    this.#heardAt = environment.now();
    socket.onmessage = ({ data }) => this.#heard(decode(data));
    socket.onclose = ({ code, reason }) => handlers.closed(code, reason);
    this.answerWithin(HANDSHAKE_MS);
  }

  /** Commands may be said. */
  get isReady(): boolean {
    return this.#readyAt !== null;
  }

  /** For how long they may have been said. */
  get readyMs(): number {
    return this.#readyAt === null ? 0 : this.#environment.now() - this.#readyAt;
  }

  send(message: ClientMessage): void {
    this.#socket.send(encode(message));
  }

  greeted(hello: Hello): void {
    this.#hello = hello;
    this.skewMs = hello.server_time - this.#heardAt;
  }

  ready(seatMs: number | null): void {
    this.#readyAt = this.#environment.now();
    this.seatMs = seatMs;
    this.#patience = Infinity;
    this.#watch();
  }

  /** In again by another greeting: until `ready` nothing else may be said. */
  comeInAgain(): void {
    this.#readyAt = null;
    this.answerWithin(HANDSHAKE_MS);
  }

  /** Something was said that has to be answered: a link that lives does so in time. */
  answerWithin(ms: number): void {
    this.#patience = this.#environment.now() + ms;
    this.#watch();
  }

  /** The server wants us elsewhere after so long: the told delay spreads the crowd, and until then this link serves. */
  drain(delayMs: number): void {
    this.#drainAt = this.#environment.now() + delayMs;
    this.#cancelDrain?.();
    this.#cancelDrain = this.#environment.setTimer(() => this.#handlers.drained(), delayMs);
  }

  /** What is left of that; null: nothing was told, or it is over. */
  get drainLeftMs(): number | null {
    const leftMs = (this.#drainAt ?? -Infinity) - this.#environment.now();
    return leftMs > 0 ? leftMs : null;
  }

  /** No timer runs any more. */
  sleep(): void {
    this.#cancelWatch?.();
    this.#cancelDrain?.();
    this.#cancelWatch = this.#cancelDrain = null;
  }

  /** Without a `bye`; whatever it still says is ignored. */
  close(code: number): void {
    this.sleep();
    this.#socket.onmessage = null;
    this.#socket.onclose = null;
    this.#socket.close(code);
  }

  #heard(message: ServerMessage | null): void {
    this.#heardAt = this.#environment.now();
    if (this.#readyAt !== null) this.#patience = Infinity;
    this.#handlers.heard(message);
  }

  /** One timer that sleeps until silence could have become too long. */
  #watch(): void {
    this.#cancelWatch?.();
    this.#cancelWatch = this.#environment.setTimer(() => {
      this.#cancelWatch = null;
      const now = this.#environment.now();
      if (now < this.#due()) return this.#watch();
      this.#handlers.silent(now - this.#heardAt);
    }, Math.max(0, this.#due() - this.#environment.now()));
  }

  #due(): number {
    const allowedMs = this.#hello === null ? HANDSHAKE_MS : this.#hello.heartbeat_ms + this.#hello.pong_wait_ms;
    return Math.min(this.#heardAt + allowedMs, this.#patience);
  }
}
