/** Descriptions of sessions as text (RFC 8866): the one change that no API offers. Pure. */

/** Tell the sender of VP8 where its estimate of the bandwidth starts; what a section says already, it keeps. */
export function withStartBitrate(sdp: string, kbps: number): string {
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => (section.startsWith("m=video") ? startAt(section, kbps) : section))
    .join("");
}

function startAt(section: string, kbps: number): string {
  const payload = /^a=rtpmap:(\d+) VP8\/90000/im.exec(section)?.[1];
  if (payload === undefined || section.includes("x-google-start-bitrate")) return section;
  const hint = `x-google-start-bitrate=${kbps}`;
  const parameters = new RegExp(`^a=fmtp:${payload} [^\r\n]*`, "m");
  if (parameters.test(section)) return section.replace(parameters, (line) => `${line};${hint}`);
  return section.replace(new RegExp(`^a=rtpmap:${payload} [^\r\n]*`, "m"), (line) => `${line}\r\na=fmtp:${payload} ${hint}`);
}
