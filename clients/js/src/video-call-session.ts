/** Call somebody one knows, and be called: a line to the server as direct calls need it. */
import { Face } from "./face.js";
import { Mode } from "./protocol.gen.js";
import type { VideoCall } from "./session/api.js";
import { callStateOf } from "./session/callview.js";
import type { LineView, VideoCallState } from "./session/state.js";

/** Made of options it has a line of its own; made of a `Line` it shares it, with a `RandomChatSession`. */
export class VideoCallSession extends Face<VideoCallState> implements VideoCall {
  #seen: { readonly view: LineView; readonly state: VideoCallState } | null = null;

  /** The same value as long as nothing changes. */
  get state(): VideoCallState {
    const { view } = this.line;
    if (this.#seen?.view !== view) this.#seen = { view, state: callStateOf(view) };
    return this.#seen.state;
  }

  call(to: string, mode: Mode = Mode.VIDEO): void {
    this.line.dispatch({ type: "call_asked", to, mode });
  }

  accept(): void {
    this.line.dispatch({ type: "accept_asked" });
  }

  decline(): void {
    this.line.dispatch({ type: "hang_up_asked", ringing: true });
  }

  hangUp(): void {
    this.line.dispatch({ type: "hang_up_asked", ringing: false });
  }

  link({ renew = false }: { readonly renew?: boolean } = {}): void {
    this.line.dispatch({ type: "link_asked", renew });
  }

  block(): void {
    this.line.dispatch({ type: "call_block_asked" });
  }

  report(reason: string, text: string): void {
    this.line.dispatch({ type: "call_report_asked", reason, text });
  }

  dismissEnded(): void {
    this.line.dispatch({ type: "call_dismissed" });
  }
}
