/** A person of Duologue without the page around them: the session and the media of the client package, as the page wires them. */
import { RandomChatSession, type Credentials, type MediaAdapter, type MediaEvents, type Mode, type ServerConfig, type SessionDiagnostics } from "@duologue/client";
import { browserEnvironment } from "@duologue/client/browser";
import { LiveKitMedia, LocalDevices, type FastStartCounts, type LiveKitMediaOptions } from "@duologue/client/livekit";
import { begin, mark, seen, watchRooms, type Meeting } from "./marks.js";

interface Options {
  readonly config: ServerConfig;
  readonly fastStart: NonNullable<LiveKitMediaOptions["fastStart"]>;
  /** The media server is reached by this name instead of the one that the server tells; null: as told. */
  readonly host: string | null;
}

interface Counts {
  readonly built: number;
  readonly live: number;
  readonly swept: number;
  readonly phase: string;
  readonly fastStart: FastStartCounts;
}

class Renamed extends LiveKitMedia {
  readonly #host: string | null;

  constructor(options: LiveKitMediaOptions, host: string | null) {
    super(options);
    this.#host = host;
  }

  override join(credentials: Credentials, events: MediaEvents, signal: AbortSignal, mode: Mode): Promise<void> {
    const url = new URL(credentials.url);
    url.hostname = this.#host ?? url.hostname;
    return super.join({ ...credentials, url: url.href }, events, signal, mode);
  }
}

let session: RandomChatSession;
let media: Renamed;

/** The id of the pair tells one meeting from the next. */
function watchPairs(): void {
  let known: string | undefined;
  session.subscribe(() => {
    const pair = session.state.pair?.id;
    if (pair !== undefined && pair !== known) mark("matched");
    known = pair;
  });
}

const bench = {
  /** Ask for the devices, connect to the server. */
  async open({ config, fastStart, host }: Options): Promise<void> {
    watchRooms();
    const devices = new LocalDevices();
    await devices.open({ camera: true, microphone: true });
    media = new Renamed({ devices, iceServers: [], fastStart }, host);
    session = new RandomChatSession({ config, media: media satisfies MediaAdapter, environment: browserEnvironment(config), autoNextMs: 0 });
    watchPairs();
    session.start();
  },
  /** The partner will press: the meeting that comes is a new one. */
  expect: begin,
  find(): void {
    begin();
    mark("asked");
    session.find({ mode: "video" });
  },
  next(): void {
    begin();
    mark("asked");
    session.next();
  },
  stop(): void {
    session.stop();
  },
  seen: (): Promise<Meeting> => seen(),
  /** What a developer is told when a meeting did not come about. */
  diagnostics(): SessionDiagnostics {
    return session.diagnostics();
  },
  counts(): Counts {
    return { ...media.ledger, phase: session.state.phase, fastStart: media.fastStartCounts };
  },
};

Object.assign(window, { bench });
