/**
 * Direct calls over a real server, in Node.js and in text: each story prints its name once it came out.
 *
 * `tests/client/test_calls_in_typescript.py` runs it.
 */
import { loadConfig } from "../host/config.js";
import { guestToken } from "../host/guest.js";
import { setTimer } from "../host/timer.js";
import { openSocket } from "../host/web-socket.js";
import { Line } from "../line.js";
import { RandomChatSession } from "../random-chat-session.js";
import type { Environment, ServerConfig, SocketLike } from "../session/api.js";
import type { VideoCallState } from "../session/state.js";
import { VideoCallSession } from "../video-call-session.js";

declare const console: { log(text: string): void };
declare const process: { readonly argv: readonly string[]; exit(code: number): never };

const config: ServerConfig = await loadConfig(process.argv[2]);
type Device = VideoCallSession;

/** Of a new guest: all who have it are devices of one person. */
function environment(): Environment {
  const nowhere = { load: () => null, store: () => undefined };
  const token = guestToken(config, nowhere);
  return { now: () => Date.now(), random: () => Math.random(), setTimer, openSocket, token: () => token, ...nowhere };
}

/** The socket of each device, to be lost. */
const sockets = new Map<Device, SocketLike>();

/** A new guest, with as many devices as one likes. */
function person(): () => Device {
  const ours = environment();
  return () => {
    const opened = (url: string, protocol: string): SocketLike => {
      const socket = openSocket(url, protocol);
      sockets.set(device, socket);
      return socket;
    };
    const device = new VideoCallSession({ config, media: null, environment: { ...ours, openSocket: opened } });
    device.start();
    return device;
  };
}

function until(device: Device, holds: (state: VideoCallState) => boolean): Promise<VideoCallState> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (!holds(device.state)) return;
      stop();
      resolve(device.state);
    };
    const stop = device.subscribe(look);
    look();
  });
}

const phase = (device: Device, wanted: VideoCallState["phase"]): Promise<VideoCallState> => until(device, (state) => state.phase === wanted);
const ended = (device: Device, reason: string): Promise<VideoCallState> => until(device, (state) => state.ended?.reason === reason && state.phase === "ended");
const online = (device: Device): Promise<VideoCallState> => until(device, (state) => state.connection.status === "online");
const standsBy = (device: Device): Promise<VideoCallState> => until(device, ({ connection }) => connection.status === "standby" && connection.away !== true);

async function loses(device: Device): Promise<void> {
  sockets.get(device)?.close();
  await until(device, ({ connection }) => connection.status === "standby" && connection.away === true);
}

async function linkOf(device: Device): Promise<string> {
  device.link();
  return (await until(device, (state) => state.link !== null)).link ?? "";
}

async function talk(one: Device, other: Device): Promise<void> {
  await Promise.all([phase(one, "talking"), phase(other, "talking")]);
}

interface Two {
  readonly ana: Device;
  readonly ben: Device;
  readonly toBen: string;
  readonly toAna: string;
  readonly anotherOfBen: () => Device;
}

async function two(): Promise<Two> {
  const bens = person();
  const [ana, ben] = [person()(), bens()];
  await Promise.all([online(ana), online(ben)]);
  return { ana, ben, toBen: await linkOf(ben), toAna: await linkOf(ana), anotherOfBen: bens };
}

async function ringing(): Promise<Two> {
  const people = await two();
  people.ana.call(people.toBen, "text");
  await Promise.all([phase(people.ben, "incoming"), until(people.ana, (state) => state.call?.id != null)]);
  return people;
}

const STORIES: Readonly<Record<string, () => Promise<unknown>>> = {
  "taken, talked and hung up": async () => {
    const { ana, ben } = await ringing();
    ben.accept();
    await talk(ana, ben);
    ana.sendChat("hello");
    await until(ben, (state) => state.chat.some(({ text }) => text === "hello"));
    ana.hangUp();
    await Promise.all([ended(ana, "left"), ended(ben, "left")]);
  },
  declined: async () => {
    const { ana, ben } = await ringing();
    ben.decline();
    await Promise.all([ended(ana, "declined"), ended(ben, "declined")]);
  },
  cancelled: async () => {
    const { ana, ben } = await ringing();
    ana.hangUp();
    await Promise.all([ended(ana, "cancelled"), ended(ben, "cancelled")]);
  },
  "cancelled before it had a name": async () => {
    const { ana, ben, toBen } = await two();
    ana.call(toBen, "text");
    ana.hangUp();
    await ended(ben, "cancelled");
    ana.dismissEnded();
    ana.call(toBen, "text");
    await phase(ben, "incoming");
  },
  "cancelled while it is taken": async () => {
    const { ana, ben } = await ringing();
    ben.accept();
    ana.hangUp();
    await Promise.all([phase(ana, "ended"), phase(ben, "ended")]);
  },
  "hung up as soon as it is taken": async () => {
    const { ana, ben } = await ringing();
    ben.accept();
    ben.hangUp();
    await Promise.all([phase(ana, "ended"), phase(ben, "ended")]);
  },
  busy: async () => {
    const { toBen } = await ringing();
    const cleo = person()();
    await online(cleo);
    cleo.call(toBen, "text");
    await ended(cleo, "busy");
  },
  "both at once": async () => {
    const { ana, ben, toAna, toBen } = await two();
    ana.call(toBen, "text");
    ben.call(toAna, "text");
    await talk(ana, ben);
  },
  "back to who is calling": async () => {
    const { ana, ben, toAna } = await ringing();
    ben.call(toAna, "text");
    await talk(ana, ben);
  },
  "a link of before": async () => {
    const { ana, ben, toBen } = await two();
    ben.link({ renew: true });
    await until(ben, (state) => state.link !== toBen);
    ana.call(toBen, "text");
    await ended(ana, "unknown_link");
  },
  "answered elsewhere": async () => {
    const { ana, ben, toBen, anotherOfBen } = await two();
    const phone = anotherOfBen();
    await Promise.all([online(phone), standsBy(ben)]);
    ana.call(toBen, "text");
    await Promise.all([phase(ben, "incoming"), phase(phone, "incoming")]);
    phone.accept();
    await Promise.all([talk(ana, phone), ended(ben, "answered_elsewhere")]);
  },
  "answered by a device that stood by": async () => {
    const { ana, ben, toBen, anotherOfBen } = await two();
    const phone = anotherOfBen();
    await Promise.all([online(phone), standsBy(ben)]);
    ana.call(toBen, "text");
    await Promise.all([phase(ben, "incoming"), phase(phone, "incoming")]);
    ben.accept();
    await Promise.all([talk(ana, ben), online(ben), ended(phone, "answered_elsewhere")]);
    phone.takeOver();
    await Promise.all([talk(ana, phone), standsBy(ben)]);
  },
  "answered by a device that stood by, and lost its socket before": async () => {
    const { ana, ben, toBen, anotherOfBen } = await two();
    const phone = anotherOfBen();
    await Promise.all([online(phone), standsBy(ben)]);
    await loses(ben);
    await standsBy(ben);
    ana.call(toBen, "text");
    await Promise.all([phase(ben, "incoming"), phase(phone, "incoming")]);
    await loses(ben);
    await standsBy(ben);
    ben.accept();
    await Promise.all([talk(ana, ben), ended(phone, "answered_elsewhere"), standsBy(phone)]);
    await loses(phone);
    await standsBy(phone);
    if (ben.state.phase !== "talking") throw new Error("a device that came back to stand by has taken over");
  },
  "rung where a device lost its socket, and answered elsewhere meanwhile": async () => {
    const { ana, ben, toBen, anotherOfBen } = await two();
    const phone = anotherOfBen();
    await Promise.all([online(phone), standsBy(ben)]);
    ana.call(toBen, "text");
    await Promise.all([phase(ben, "incoming"), phase(phone, "incoming")]);
    await loses(ben);
    phone.accept();
    await Promise.all([talk(ana, phone), phase(ben, "ended"), standsBy(ben)]);
  },
  "declined by a device that stands by, which then calls": async () => {
    const { ana, ben, toBen, toAna, anotherOfBen } = await two();
    const phone = anotherOfBen();
    await Promise.all([online(phone), standsBy(ben)]);
    ana.call(toBen, "text");
    await phase(ben, "incoming");
    ben.decline();
    await Promise.all([ended(ana, "declined"), ended(phone, "declined")]);
    ben.call(toAna, "text");
    await Promise.all([online(ben), phase(ana, "incoming")]);
  },
  "blocked while it rings": async () => {
    const { ana, ben, toBen } = await ringing();
    ben.block();
    await ended(ana, "declined");
    ana.call(toBen, "text");
    await until(ana, (state) => state.call?.id != null);
    if (ben.state.phase !== "ended") throw new Error("it rings for who has blocked them");
  },
  "blocked, found in the list, and taken back": async () => {
    const { ana, ben, toBen } = await ringing();
    ben.block();
    await ended(ana, "declined");
    ben.blocked();
    const { blocked } = await until(ben, (state) => state.blocked?.people?.length === 1);
    ben.unblock(blocked?.people?.[0]?.block ?? "");
    ben.blocked();
    await until(ben, (state) => state.blocked?.asking === false && state.blocked.people?.length === 0);
    ana.call(toBen, "text");
    await phase(ben, "incoming");
  },
  "a search that waits while it rings": async () => {
    const line = new Line({ config, media: null, environment: environment() });
    const [search, calls] = [new RandomChatSession(line), new VideoCallSession(line)];
    const ana = person()();
    line.start();
    await Promise.all([online(ana), online(calls)]);
    const link = await linkOf(calls);
    search.find({ mode: "text", interests: ["nobody has this"] });
    ana.call(link, "text");
    await phase(calls, "incoming");
    ana.hangUp();
    await until(calls, () => search.state.phase === "searching" && search.state.waiting?.waitingCount != null);
    search.stop();
  },
};

await Promise.all(
  Object.entries(STORIES).map(async ([name, story]) => {
    await story();
    console.log(name);
  }),
);
process.exit(0);
