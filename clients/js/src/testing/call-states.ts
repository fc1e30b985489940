/** A call session in each state that a test may begin with, and the words of the tests about calls. */
import type { ServerMessage } from "../protocol.gen.js";
import type { VideoCallSession } from "../video-call-session.js";
import { credentials } from "./fake-server.js";
import { settle, type World } from "./world.js";

/** The server says these, and they are heard. */
export async function told(world: World, ...messages: ServerMessage[]): Promise<void> {
  for (const message of messages) world.server.push(message);
  await settle();
}

/** Who calls and hears that it rings. */
export async function calling(world: World): Promise<VideoCallSession> {
  const calls = await world.calls();
  calls.call("link", "text");
  await told(world, world.server.rings("c1"));
  return calls;
}

/** Who is called. */
export async function called(world: World): Promise<VideoCallSession> {
  const calls = await world.calls();
  await told(world, world.server.incoming("c1"));
  return calls;
}

/** Who talks, after a call on video. */
export async function talking(world: World): Promise<VideoCallSession> {
  const calls = await called(world);
  calls.accept();
  await told(world, ...world.server.taken("c1", "p1", credentials("p1")));
  await told(world, { type: "talking", rev: world.server.next(), pair: "p1", since: Date.now() });
  return calls;
}

/** The commands that the server has heard, in order. */
export const sent = (world: World): string[] => world.server.received.filter((message) => "id" in message).map(({ type }) => type);

/** The socket is lost, and made anew. */
export async function reconnect(world: World): Promise<void> {
  world.server.socket.close1006();
  await settle(1_000);
}

/** Another session of the person took over. */
export async function standingBy(world: World): Promise<VideoCallSession> {
  const calls = await world.calls();
  world.server.standBy();
  await settle();
  return calls;
}

/** Who stands by, and is called. */
export async function rungStandingBy(world: World): Promise<VideoCallSession> {
  const calls = await standingBy(world);
  await told(world, world.server.incoming("c1"));
  return calls;
}
