/** What every session does alike, whatever it is a session of: it passes all on to its line. */
import { Line } from "./line.js";
import type { LineOptions, PictureSize, Session } from "./session/api.js";
import type { SessionDiagnostics } from "./session/diagnosis.js";

export abstract class Face<State> implements Session<State> {
  /** For another session over the same one. */
  readonly line: Line;
  readonly subscribe: Session<State>["subscribe"];

  constructor(over: Line | LineOptions) {
    this.line = over instanceof Line ? over : new Line(over);
    this.subscribe = this.line.subscribe;
  }

  abstract get state(): State;

  get remote(): Session<State>["remote"] {
    return this.line.remote;
  }

  start(): void {
    this.line.start();
  }

  sendChat(text: string): void {
    this.line.dispatch({ type: "chat_written", text });
  }

  typing(): void {
    this.line.dispatch({ type: "key_pressed" });
  }

  setMicrophone(on: boolean): void {
    this.line.dispatch({ type: "microphone_switched", on });
  }

  setCamera(on: boolean): void {
    this.line.dispatch({ type: "camera_switched", on });
  }

  setDataSaver(on: boolean): void {
    this.line.dispatch({ type: "data_saver_switched", on });
  }

  setPictureSize(size: PictureSize): void {
    this.line.setPictureSize(size);
  }

  blocked(): void {
    this.line.dispatch({ type: "blocked_asked" });
  }

  unblock(block: string): void {
    this.line.dispatch({ type: "unblock_asked", block });
  }

  reconnectNow(): void {
    this.line.reconnectNow();
  }

  takeOver(): void {
    this.line.takeOver();
  }

  dismissNotice(): void {
    this.line.dispatch({ type: "notice_dismissed" });
  }

  diagnostics(): SessionDiagnostics {
    return this.line.diagnostics();
  }

  close(): Promise<void> {
    return this.line.close();
  }
}
