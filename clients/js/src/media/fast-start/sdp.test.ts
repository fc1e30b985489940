import { expect, it } from "vitest";
import { tracksSent, withoutIceLite, withStartBitrate } from "./sdp.js";

const HEAD = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\n";
const AUDIO = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10\r\n";
const VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";

it("adds the parameter where VP8 has none", () => {
  const video = VIDEO.replace("VP8/90000\r\n", "VP8/90000\r\na=fmtp:96 x-google-start-bitrate=1000\r\n");
  expect(withStartBitrate(HEAD + AUDIO + VIDEO, 1_000)).toBe(HEAD + AUDIO + video);
});

it("adds to the parameters that VP8 has", () => {
  const before = `${VIDEO}a=fmtp:96 max-fr=30\r\na=sendonly\r\n`;
  const after = `${VIDEO}a=fmtp:96 max-fr=30;x-google-start-bitrate=800\r\na=sendonly\r\n`;
  expect(withStartBitrate(HEAD + before, 800)).toBe(HEAD + after);
});

it("gives all sections the same, as a bundle must have it", () => {
  expect(withStartBitrate(HEAD + VIDEO + AUDIO + VIDEO, 800).match(/a=fmtp:96 x-google-start-bitrate=800\r\n/g)).toHaveLength(2);
});

it("keeps a start that is there, and gives it to the other sections", () => {
  const started = `${VIDEO}a=fmtp:96 x-google-start-bitrate=720\r\n`;
  const start = withStartBitrate(HEAD + VIDEO + AUDIO + started, 1_000);
  expect(start.match(/a=fmtp:96 x-google-start-bitrate=720\r\n/g)).toHaveLength(2);
  expect(start).not.toContain("1000");
});

it.each([
  ["no VP8", HEAD + AUDIO + VIDEO.replace("VP8", "H264")],
  ["nothing in it", ""],
])("changes nothing in a description with %s", (_, sdp) => {
  expect(withStartBitrate(sdp, 1_000)).toBe(sdp);
});

it("takes out ICE Lite, and nothing else", () => {
  expect(withoutIceLite(`${HEAD}a=ice-lite\r\n${VIDEO}`)).toBe(HEAD + VIDEO);
  expect(withoutIceLite(HEAD + VIDEO)).toBe(HEAD + VIDEO);
});

it("tells which tracks are sent", () => {
  const section = (msid: string, direction: string): string => `${VIDEO}a=msid:PA_1|camera ${msid}\r\na=${direction}\r\n`;
  const sdp = HEAD + AUDIO + section("TR_1", "sendrecv") + section("TR_2", "sendonly") + section("TR_3", "recvonly") + section("TR_4", "inactive");
  expect([...tracksSent(sdp)]).toEqual(["TR_1", "TR_2"]);
  expect([...tracksSent("")]).toEqual([]);
});
