/** Descriptions of sessions as text (RFC 8866): changes that no API offers. Pure. */

const START = /x-google-start-bitrate=(\d+)/;

/**
 * Tell the sender of VP8 where its estimate of the bandwidth starts, in every section alike: a bundle must agree.
 *
 * A start that the description has already is kept: the SDK puts one into its offer, lower on links that were
 * slow to connect, and LiveKit sends it back, in one section only.
 */
export function withStartBitrate(sdp: string, kbps: number): string {
  const hint = `x-google-start-bitrate=${START.exec(sdp)?.[1] ?? kbps}`;
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith("m=video") && !START.test(section) ? startAt(section, hint) : section))
    .join("");
}

/**
 * A server that only answers checks (ICE Lite), told as one that makes its own. Chromium then nominates with its first
 * check, as it does in every call between two browsers, instead of first waiting for an answer to one. Such a server
 * goes with the latest nomination: for a moment it may answer another address of ours, which works as well.
 */
export function withoutIceLite(sdp: string): string {
  return sdp.replace(/^a=ice-lite\r?\n/m, "");
}

/** Ids of the tracks that whoever wrote this sends. */
export function tracksSent(sdp: string): ReadonlySet<string> {
  const sending = sdp.split(/(?=^m=)/m).filter((section) => /^a=send(only|recv)\r?$/m.test(section));
  return new Set(sending.flatMap((section) => /^a=msid:\S+ (\S+)/m.exec(section)?.[1] ?? []));
}

function startAt(section: string, hint: string): string {
  const payload = /^a=rtpmap:(\d+) VP8\/90000/im.exec(section)?.[1];
  if (payload === undefined) return section;
  const parameters = new RegExp(`^a=fmtp:${payload} [^\r\n]*`, "m");
  if (parameters.test(section)) return section.replace(parameters, (line) => `${line};${hint}`);
  return section.replace(new RegExp(`^a=rtpmap:${payload} [^\r\n]*`, "m"), (line) => `${line}\r\na=fmtp:${payload} ${hint}`);
}
