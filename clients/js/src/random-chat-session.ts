/** Meet somebody, talk, move on: a line to the server as a random chat needs it. */
import { Face } from "./face.js";
import { Line } from "./line.js";
import type { RandomChat, RandomChatOptions } from "./session/api.js";
import type { Wishes } from "./session/events.js";
import type { RandomChatState } from "./session/state.js";

/** Made of options it has a line of its own; made of a `Line` it shares it, with a `VideoCallSession`. */
export class RandomChatSession extends Face<RandomChatState> implements RandomChat {
  constructor(over: Line | RandomChatOptions) {
    super(over instanceof Line ? over : { standBy: false, ...over });
  }

  get state(): RandomChatState {
    return this.line.view;
  }

  find(wishes: Wishes): void {
    this.line.dispatch({ type: "find_asked", wishes });
  }

  next(): void {
    this.line.dispatch({ type: "next_asked" });
  }

  stop(): void {
    this.line.dispatch({ type: "stop_asked" });
  }

  stay(): void {
    this.line.dispatch({ type: "stay_asked" });
  }

  block(): void {
    this.line.dispatch({ type: "block_asked" });
  }

  report(reason: string, text: string): void {
    this.line.dispatch({ type: "report_asked", reason, text });
  }

  back(): void {
    this.line.dispatch({ type: "back_asked" });
  }

  setAutoNext(afterMs: number | null, pauseWhenSkipped = false): void {
    this.line.dispatch({ type: "auto_next_chosen", afterMs, pauseWhenSkipped });
  }
}
