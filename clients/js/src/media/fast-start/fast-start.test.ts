import { MediaSectionsRequirement, SessionDescription, SignalResponse, SubscriptionPermissionUpdate } from "@livekit/protocol";
import { version } from "livekit-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FastStart, PICTURE_DUE_MS, START_KBPS, type FastAttempt, type FastStartParts } from "./index.js";

const VP8_ANSWER = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=rtpmap:96 VP8/90000\r\n";
const CODECS = ["video/VP8", "video/rtx", "video/H264", "audio/opus", "audio/red", "audio/PCMU"].map((mimeType) => ({ mimeType, clockRate: 1 }));

class Transceiver {
  preferences: string[] | null = null;
  constructor(
    readonly kind: string,
    readonly direction: string,
  ) {}
  setCodecPreferences(codecs: { mimeType: string }[]): void {
    this.preferences = codecs.map(({ mimeType }) => mimeType);
  }
}

class OldTransceiver extends Transceiver {
  override setCodecPreferences = undefined as never;
}

class Connection extends EventTarget {
  connectionState = "new";
  senders: unknown[] = [];
  readonly channels: string[] = [];
  transceiverClass: new (kind: string, direction: string) => Transceiver = Transceiver;
  readonly transceivers: Transceiver[] = [];
  readonly answers: string[] = [];
  refuses: (sdp: string) => boolean = () => false;

  addTransceiver(source: string | { kind: string }, init?: { direction: string }): Transceiver {
    const transceiver = new this.transceiverClass(typeof source === "string" ? source : source.kind, init?.direction ?? "sendrecv");
    this.transceivers.push(transceiver);
    return transceiver;
  }
  createDataChannel(label: string): unknown {
    return this.channels.push(label);
  }
  getSenders(): unknown[] {
    return this.senders;
  }
  reach(state: string): void {
    this.connectionState = state;
    this.dispatchEvent(new Event("connectionstatechange"));
  }
  setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    if (this.refuses(sdp)) return Promise.reject(new Error("refused"));
    this.answers.push(sdp);
    return Promise.resolve();
  }
}

function caseOf(data: ArrayBuffer): string {
  try {
    return String(SignalResponse.fromBinary(new Uint8Array(data)).message.case);
  } catch {
    return "garbage";
  }
}

/** What the SDK hears of the server is noted in `heard`. */
class Socket extends EventTarget {
  readyState = 1;
  heard: string[] = [];
  constructor(readonly url: string) {
    super();
    queueMicrotask(() => this.addEventListener("message", this.#note)); // the SDK listens later than the constructor
  }
  close(): void {
    this.readyState = 2;
  }
  receive(message: SignalResponse["message"]): void {
    this.dispatchEvent(new MessageEvent("message", { data: new SignalResponse({ message }).toBinary().slice().buffer }));
  }
  readonly #note = (event: Event): void => {
    const { data } = event as MessageEvent<unknown>;
    this.heard.push(data instanceof ArrayBuffer ? caseOf(data) : "text");
  };
}

function world(parts: Partial<FastStartParts> | false = {}) {
  const host = { RTCPeerConnection: Connection as never, WebSocket: Socket as never };
  const start = new FastStart(parts, host);
  const socket = (url = "ws://media.test/rtc/v1?join_request=x"): Socket => new (host.WebSocket as typeof Socket)(url);
  return { host, start, connect: () => new (host.RTCPeerConnection as typeof Connection)(), socket };
}

/** What the SDK does before its first offer. */
function layOut(connection: Connection): void {
  for (const kind of ["audio", "video"]) for (let n = 0; n < 3; n += 1) connection.addTransceiver(kind, { direction: "recvonly" });
}

const kinds = (connection: Connection): string[] => connection.transceivers.map(({ kind, direction }) => `${kind} ${direction}`);

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("RTCRtpReceiver", { getCapabilities: (kind: string) => ({ codecs: CODECS.filter(({ mimeType }) => mimeType.startsWith(kind)) }) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("was proved with this version of the SDK: prove it again before you change this", () => {
  expect(version).toBe("2.23.0");
});

describe("slim offers", () => {
  it("have one section of each kind to receive on, with the codecs of a pair", () => {
    const { start, connect } = world();
    start.begin(2);
    const connection = connect();
    layOut(connection);
    expect(kinds(connection)).toEqual(["audio recvonly", "video recvonly"]);
    expect(connection.transceivers.map(({ preferences }) => preferences)).toEqual([
      ["audio/opus", "audio/red"],
      ["video/VP8", "video/rtx"],
    ]);
    expect(start.counts).toMatchObject({ slimOffers: 1, misfires: 0 });
  });

  it("grow by what is published, and by every section that the server asks for", async () => {
    const { start, connect } = world();
    start.begin(2);
    const connection = connect();
    layOut(connection);
    await Promise.resolve();
    connection.addTransceiver({ kind: "video" }, { direction: "sendonly" });
    for (let n = 0; n < 2; n += 1) connection.addTransceiver("video", { direction: "recvonly" });
    expect(kinds(connection).slice(2)).toEqual(["video sendonly", "video recvonly", "video recvonly"]);
  });

  it("stay long where the browser has no preferences of codecs", () => {
    const { start, connect } = world();
    start.begin(2);
    const connection = connect();
    connection.transceiverClass = OldTransceiver;
    layOut(connection);
    expect(kinds(connection)).toEqual(["audio recvonly", "video recvonly"]);
    expect(start.counts.misfires).toBe(2);
  });
});

describe("the start bitrate", () => {
  it("is in the answer", async () => {
    const { start, connect } = world();
    start.begin(2);
    const connection = connect();
    await connection.setRemoteDescription({ type: "answer", sdp: VP8_ANSWER } as never);
    expect(connection.answers).toEqual([`${VP8_ANSWER}a=fmtp:96 x-google-start-bitrate=${START_KBPS}\r\n`]);
    expect(start.counts.startBitrates).toBe(1);
  });

  it("is left out by a browser that refuses it", async () => {
    const { start, connect } = world();
    start.begin(2);
    const connection = connect();
    connection.refuses = (sdp) => sdp.includes("x-google");
    await connection.setRemoteDescription({ type: "answer", sdp: VP8_ANSWER } as never);
    expect(connection.answers).toEqual([VP8_ANSWER]);
    expect(start.counts).toMatchObject({ startBitrates: 0, misfires: 1 });
  });
});

describe("ICE Lite", () => {
  const lite = `v=0\r\na=ice-lite\r\n`;

  it("is not told to the browser", async () => {
    const { start, connect } = world({ startBitrate: false });
    start.begin(2);
    const connection = connect();
    for (const sdp of [lite, "v=0\r\n"]) await connection.setRemoteDescription({ type: "answer", sdp } as never);
    expect(connection.answers).toEqual(["v=0\r\n", "v=0\r\n"]);
    expect(start.counts).toMatchObject({ nominations: 1, startBitrates: 0 });
  });
});

describe("data channels", () => {
  it("are not made, and never open", () => {
    const { start, connect } = world();
    start.begin(2);
    const connection = connect();
    const channel = connection.createDataChannel("_reliable") as RTCDataChannel;
    expect(connection.channels).toEqual([]);
    expect(channel).toMatchObject({ label: "_reliable", readyState: "connecting", bufferedAmount: 0 });
    expect(() => {
      channel.send("word");
    }).toThrow("no data channels");
    channel.close();
    expect(channel.readyState).toBe("closed");
    expect(start.counts.channelsSpared).toBe(1);
  });
});

const allow = (trackSid: string): SignalResponse["message"] => ({ case: "subscriptionPermissionUpdate", value: new SubscriptionPermissionUpdate({ trackSid, allowed: true }) });
const sdp = ["A", "V"].map((track) => `m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=msid:PA_2|camera ${track}\r\na=sendrecv\r\n`).join("");
const answer: SignalResponse["message"] = { case: "answer", value: new SessionDescription({ sdp }) };
const require: SignalResponse["message"] = { case: "mediaSectionsRequirement", value: new MediaSectionsRequirement() };

async function startedEarly(): Promise<{ start: FastStart; socket: Socket; attempt: FastAttempt }> {
  const { start, socket: open } = world();
  const attempt = start.begin(2);
  const socket = open();
  await Promise.resolve();
  for (const message of [allow("A"), allow("V")]) socket.receive(message);
  vi.runAllTimers();
  for (const message of [answer, require]) socket.receive(message);
  return { start, socket, attempt };
}

describe("an early offer", () => {
  it("is asked of the SDK in the server's words, once", async () => {
    const { start, socket } = await startedEarly();
    const allowed = "subscriptionPermissionUpdate";
    expect(socket.heard).toEqual([allowed, allowed, "mediaSectionsRequirement", "answer"]);
    expect(start.counts).toMatchObject({ earlyOffers: 1, withheld: 1, misfires: 0 });
  });

  it("is made when we are connected, once", async () => {
    const { start, connect, socket: open } = world({ keyframes: false });
    start.begin(2);
    const [connection, socket] = [connect(), open()];
    await Promise.resolve();
    for (const state of ["connecting", "connected", "disconnected", "connected"]) connection.reach(state);
    expect(socket.heard).toEqual(["mediaSectionsRequirement"]);
    expect(start.counts.earlyOffers).toBe(1);
  });

  it("leaves other sockets and messages that it cannot read alone", async () => {
    const { start, socket: open } = world();
    start.begin(1);
    const [gateway, signal] = [open("ws://gateway.test/ws"), open()];
    await Promise.resolve();
    gateway.receive(allow("A"));
    signal.dispatchEvent(new MessageEvent("message", { data: "text" }));
    signal.dispatchEvent(new MessageEvent("message", { data: new Uint8Array([255]).buffer }));
    vi.runAllTimers();
    expect(gateway.heard).toEqual(["subscriptionPermissionUpdate"]);
    expect(signal.heard).toEqual(["text", "garbage"]);
    expect(start.counts).toMatchObject({ earlyOffers: 0, misfires: 1 });
  });
});

describe("keyframes", () => {
  it("are forced twice where the browser can", async () => {
    const { start } = world();
    const setParameters = vi.fn((_: unknown, options: { encodingOptions: { keyFrame: boolean }[] }) => {
      expect(options.encodingOptions).toEqual([{ keyFrame: true }, { keyFrame: true }]);
      return Promise.resolve();
    });
    start.begin(2).pictureWanted({ getParameters: () => ({ encodings: [{}, {}] }), setParameters } as never);
    await vi.advanceTimersByTimeAsync(200);
    expect(setParameters).toHaveBeenCalledTimes(2);
    expect(start.counts).toMatchObject({ keyframes: 2, misfires: 0 });
  });

  it.each<[string, () => Promise<void>]>([
    ["ignores the wish", () => Promise.resolve()],
    ["refuses it", () => Promise.reject(new Error("no"))],
  ])("count as misfires where the browser %s", async (_, setParameters) => {
    const { start } = world();
    start.begin(2).pictureWanted({ getParameters: () => ({ encodings: [{}] }), setParameters } as never);
    await vi.advanceTimersByTimeAsync(200);
    expect(start.counts).toMatchObject({ keyframes: 0, misfires: 2 });
  });

  it("are forced when we are connected, for the camera alone", async () => {
    const { start, connect } = world({ earlyOffer: false });
    start.begin(2);
    const connection = connect();
    const setParameters = vi.fn((_: unknown, options: { encodingOptions: unknown }) => Promise.resolve(options.encodingOptions));
    const sender = (kind: string | null) => ({ track: kind === null ? null : { kind }, getParameters: () => ({ encodings: [{}] }), setParameters });
    connection.senders = [sender("audio"), sender("video"), sender(null)];
    connection.reach("connected");
    await vi.advanceTimersByTimeAsync(200);
    expect(setParameters).toHaveBeenCalledOnce();
    expect(start.counts).toMatchObject({ keyframes: 1, misfires: 0 });
  });

  it("are not forced after the join is over", async () => {
    const { start } = world();
    const setParameters = vi.fn(() => Promise.resolve());
    const attempt = start.begin(2);
    attempt.pictureWanted({ getParameters: () => ({ encodings: [{}] }), setParameters } as never);
    attempt.end();
    await vi.advanceTimersByTimeAsync(200);
    expect(setParameters).not.toHaveBeenCalled();
  });
});

describe("the watchdog", () => {
  it("asks for what was withheld when no picture comes, and lets the next join go the SDK's way", async () => {
    const { start, socket, attempt } = await startedEarly();
    attempt.pictureSubscribed();
    vi.advanceTimersByTime(PICTURE_DUE_MS);
    expect(socket.heard.filter((what) => what === "mediaSectionsRequirement")).toHaveLength(2);
    expect(start.counts).toMatchObject({ latePictures: 1, missingTracks: 0 });
    expect(start.begin(2).connectionPlan()).toMatchObject({ slim: false, startKbps: null });
    expect(start.begin(2).connectionPlan()).toMatchObject({ slim: true, startKbps: START_KBPS });
  });

  it.each<[string, (attempt: FastAttempt) => void]>([
    ["a picture came", (attempt) => attempt.pictureSettled()],
    ["the join is over", (attempt) => attempt.end()],
  ])("rests when %s", (_, happens) => {
    const { start } = world();
    const attempt = start.begin(2);
    attempt.pictureSubscribed();
    happens(attempt);
    vi.advanceTimersByTime(PICTURE_DUE_MS);
    expect(start.counts.latePictures).toBe(0);
  });

  it.each<[string, Partial<FastStartParts> | false]>([
    ["with the fast start", {}],
    ["without it", false],
  ])("asks for tracks that do not come, %s", async (_, parts) => {
    const { start, socket: open } = world(parts);
    const attempt = start.begin(2);
    const socket = open();
    await Promise.resolve();
    attempt.tracksMissing();
    expect(socket.heard).toEqual(["mediaSectionsRequirement"]);
    expect(start.counts).toMatchObject({ latePictures: 0, missingTracks: 1 });
    expect(start.begin(2).connectionPlan().slim).toBe(false);
  });

  it("has the SDK connect anew, when it is asked to and the join is not over", async () => {
    const { start, socket: open } = world(false);
    const attempt = start.begin(2);
    const socket = open();
    await Promise.resolve();
    attempt.connectAnew();
    attempt.end();
    attempt.connectAnew();
    expect(socket.heard).toEqual(["leave"]);
  });

  it("asks for nothing after the join is over", async () => {
    const { start, socket: open } = world();
    const attempt = start.begin(2);
    const socket = open();
    await Promise.resolve();
    attempt.end();
    attempt.tracksMissing();
    expect(socket.heard).toEqual([]);
    expect(start.counts.missingTracks).toBe(0);
  });
});

describe("switched off", () => {
  it("everything is as the SDK has it", async () => {
    const { start, connect, socket: open } = world(false);
    const attempt = start.begin(2);
    const [connection, socket] = [connect(), open()];
    layOut(connection);
    connection.createDataChannel("_lossy");
    connection.reach("connected");
    await connection.setRemoteDescription({ type: "answer", sdp: VP8_ANSWER } as never);
    for (const message of [allow("A"), allow("V"), answer, require]) socket.receive(message);
    attempt.pictureSubscribed();
    vi.runAllTimers();
    expect(connection.transceivers).toHaveLength(6);
    expect(connection.transceivers.every(({ preferences }) => preferences === null)).toBe(true);
    expect(connection.answers).toEqual([VP8_ANSWER]);
    expect(connection.channels).toEqual(["_lossy"]);
    expect(socket.heard).toHaveLength(4);
    expect(Object.values(start.counts).every((count) => count === 0)).toBe(true);
  });

  it("one part does not take another with it", () => {
    const { start } = world({ slimOffers: false });
    expect(start.begin(2).connectionPlan()).toMatchObject({ slim: false, startKbps: START_KBPS });
  });

  it("nothing outside a join is touched", () => {
    const { start, connect } = world();
    start.begin(2).end();
    const connection = connect();
    layOut(connection);
    expect(connection.transceivers).toHaveLength(6);
  });
});

it("installs its classes once", () => {
  const { host } = world();
  const { RTCPeerConnection: connections, WebSocket: sockets } = host;
  new FastStart({}, host);
  expect([host.RTCPeerConnection, host.WebSocket]).toEqual([connections, sockets]);
});
