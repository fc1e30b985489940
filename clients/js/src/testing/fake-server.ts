/**
 * A gateway at the level of the protocol, in memory: enough to play both sides of a scenario.
 *
 * It greets, lets everybody in, and says `ok` to every command, once per id. To play something else, set
 * a hook (`onCommand`, `onResume`), push messages, close sockets, or be silent. What came in is in `received`.
 */
import { CloseCode, PROTOCOL_VERSION } from "../protocol.gen.js";
import type { BlockedPerson, CallEnd, CallState, ClientMessage, Command, CommandError, Credentials, Ended, Incoming, Line, Matched, Mode, Ready, Reply, ServerMessage, State, Waiting } from "../protocol.gen.js";
import type { SocketLike } from "../session/api.js";

export class FakeServer {
  /** Everything received, on all sockets. */
  readonly received: ClientMessage[] = [];
  /** Commands by id, each applied once. */
  readonly applied = new Map<string, Command>();
  readonly sockets: FakeSocket[] = [];
  /** What `ready` tells. */
  state: State = { kind: "idle" };
  person = "p1";
  rev = 0;
  /** The greatest attempt that this person ever made. */
  attempt = 0;
  reachable = true;
  /** Takes messages, says nothing. */
  silent = false;
  /** Commands are lost on the way here. */
  deaf = false;
  /** Null: sessions do not expire. */
  expiresInMs: number | null = null;
  /** Null: an older server, which does not tell how long it holds a seat. */
  seatMs: number | null = null;
  onCommand: (command: Command) => CommandError | null = () => null;
  onResume: (token: string) => "ok" | "retry" = () => "ok";
  /** What `blocked_list` is answered with, without whom `unblock` names. */
  blocked: readonly BlockedPerson[] = [];
  standingBy = false;
  /** An older server does not know `stand_by`. */
  knowsStandBy = true;
  #tokens = 0;

  readonly open = (url: string, protocol: string): SocketLike => {
    const socket = new FakeSocket(this, url, protocol);
    this.sockets.push(socket);
    return socket;
  };

  /** Another session of this person took over. The next `accept` finds the call gone, unless `state` has its pair. */
  standBy(): void {
    this.standingBy = true;
    this.push({ type: "standby", rev: this.rev });
  }

  /** The socket of the moment. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("nobody came");
    return socket;
  }

  get resumeToken(): string {
    return `resume-${this.#tokens}`;
  }

  of<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }>[] {
    return this.received.filter((message): message is Extract<ClientMessage, { type: T }> => message.type === type);
  }

  last<T extends ClientMessage["type"]>(type: T): Extract<ClientMessage, { type: T }> {
    const message = this.of(type).at(-1);
    if (message === undefined) throw new Error(`no ${type} was received`);
    return message;
  }

  push(message: ServerMessage): void {
    this.socket.deliver(message);
  }

  /** The next `rev`. */
  next(): number {
    this.rev += 1;
    return this.rev;
  }

  waiting(attempt: number): Waiting {
    return { type: "waiting", rev: this.next(), attempt, since: Date.now(), mode: "video", waiting_count: 3, estimate_ms: 2_000, widened: [] };
  }

  matched(pair: string, attempt: number, media: Credentials | null = credentials(pair)): Matched {
    const peer = { alias: `alias-${pair}`, interests: [], facets: {} };
    return { type: "matched", rev: this.next(), pair, attempt, mode: media === null ? "text" : "video", peer, media, deadline_ms: 10_000 };
  }

  ended(pair: string, fields: Partial<Ended> = {}): Ended {
    return { type: "ended", rev: this.next(), pair, reason: "next", by: "peer", ...fields };
  }

  /** Somebody calls. */
  incoming(call: string, forMs = 60_000, mode: Mode = "text"): Incoming {
    return { type: "incoming", rev: this.next(), call, caller: `caller-${call}`, mode, expires: Date.now() + forMs };
  }

  /** The call that the client asked for rings. */
  rings(call: string, forMs = 60_000): CallState {
    return { type: "call_state", rev: this.next(), call, state: "ringing", expires: Date.now() + forMs };
  }

  callOver(call: string, reason: CallEnd, fields: Partial<CallState> = {}): CallState {
    return { type: "call_state", rev: this.next(), call, state: "ended", reason, ...fields };
  }

  /** It was taken, and its pair is there. */
  taken(call: string, pair: string, media: Credentials | null = null): [CallState, Matched] {
    const accepted: CallState = { type: "call_state", rev: this.next(), call, state: "accepted", pair };
    return [accepted, { ...this.matched(pair, Math.max(1, this.attempt), media), rev: this.rev, call }];
  }

  ringing(call: string, outgoing: boolean, forMs = 60_000, mode: Mode = "text"): State {
    return { kind: "ringing", call, outgoing, peer: `peer-${call}`, mode, expires: Date.now() + forMs };
  }

  inPair(matched: Matched, talkingSince: number | null, lines: Line[] = []): State {
    return { kind: "pair", matched, talking_since: talkingSince, peer_away_until: null, peer_muted: { audio: false, video: false }, lines, peer_hidden: false, last_n: Math.max(0, ...lines.filter((line) => line.mine).map((line) => line.n)) };
  }

  /** Called by a socket. */
  take(socket: FakeSocket, message: ClientMessage): void {
    if (this.deaf) return;
    this.received.push(message);
    if (this.silent) return;
    if (message.type === "auth") socket.deliver(this.#ready());
    else if (message.type === "stand_by") this.#letStandBy(socket);
    else if (message.type === "resume") socket.deliver(this.onResume(message.resume_token) === "ok" ? this.#ready() : { type: "invalid_session", retry: true });
    else if ("id" in message) {
      if (this.standingBy) return this.#toStandby(socket, message);
      if (message.type === "refresh") socket.deliver({ type: "refreshed", resume_token: `refreshed-${this.of("refresh").length}`, expires_at: null, ...this.#expiry() });
      const reply = this.#answer(message);
      if (message.type === "unblock" && reply.ok) this.blocked = this.blocked.filter(({ block }) => block !== message.block);
      if (message.type === "blocked_list" && reply.ok) socket.deliver({ type: "blocked", people: [...this.blocked] });
      socket.deliver(reply);
    }
  }

  #letStandBy(socket: FakeSocket): void {
    if (!this.knowsStandBy) return socket.drop(CloseCode.PROTOCOL_ERROR);
    this.standingBy = true;
    const rings = this.state.kind === "ringing" && !this.state.outgoing ? { ringing: this.state } : {};
    socket.deliver({ type: "standby", rev: this.rev, ...this.#expiry(), ...rings });
  }

  /** As a session is answered that stands by. */
  #toStandby(socket: FakeSocket, command: Command): void {
    if (command.type === "accept" && this.state.kind === "pair") socket.deliver(this.#ready());
    const heard = command.type === "accept" || command.type === "decline" || command.type === "refresh";
    const refusal = { code: "not_active", message: "", temporary: true } as const;
    socket.deliver(heard ? this.#answer(command) : { type: "reply", id: command.id, ok: false, error: refusal });
  }

  #expiry(): { expires_at?: number } {
    return this.expiresInMs === null ? {} : { expires_at: Date.now() + this.expiresInMs };
  }

  #ready(): Ready {
    this.standingBy = false;
    this.#tokens += 1;
    const self = { person: this.person, guest: true, facets: {} };
    return { type: "ready", rev: this.rev, attempt: this.attempt, session: "s1", resume_token: this.resumeToken, resume_window_ms: 60_000, self, state: this.state, ...this.#expiry(), ...(this.seatMs === null ? {} : { seat_ms: this.seatMs }) };
  }

  #answer(command: Command): Reply {
    const error = this.applied.has(command.id) ? null : this.onCommand(command);
    if (error !== null) return { type: "reply", id: command.id, ok: false, error };
    this.applied.set(command.id, command);
    return { type: "reply", id: command.id, ok: true };
  }
}

/** One socket, seen from both ends; what is sent arrives a little later, never during the call. */
export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  /** How the client closed it; null: it did not. */
  closedByClient: number | null = null;
  readonly #server: FakeServer;
  #over = false;

  constructor(
    server: FakeServer,
    readonly url: string,
    readonly protocol: string,
  ) {
    this.#server = server;
    if (!server.reachable) this.close1006();
    else this.deliver({ type: "hello", v: PROTOCOL_VERSION, heartbeat_ms: 25_000, pong_wait_ms: 10_000, max_bytes: 16_384, server_time: Date.now() });
  }

  send(text: string): void {
    if (!this.#over) soon(() => this.#server.take(this, JSON.parse(text) as ClientMessage));
  }

  close(code = 1005): void {
    if (this.#over) return;
    this.closedByClient = code;
    soon(() => (this.#over = true)); // what was said before still arrives
  }

  deliver(message: ServerMessage): void {
    this.deliverText(JSON.stringify(message));
  }

  deliverText(data: string): void {
    soon(() => {
      if (!this.#over) this.onmessage?.({ data });
    });
  }

  /** The server closes, or the path dies (1006). */
  drop(code: number, reason = ""): void {
    this.#over = true;
    soon(() => this.onclose?.({ code, reason }));
  }

  close1006(): void {
    this.drop(1006);
  }
}

/** Of ECMAScript alone: `whole-session.ts` runs where nothing else is. */
function soon(run: () => void): void {
  void Promise.resolve().then(run);
}

export function credentials(pair: string): Credentials {
  return { kind: "livekit", url: "ws://media.test", token: `token-${pair}`, subscribe: [`peer-${pair}`] };
}
