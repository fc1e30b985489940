/** What a session notes of itself, and what of it the server still has to be told. Must not know how that is done. */
import { ReportCause, type Diagnostics, type TrailEvent } from "../protocol.gen.js";
import { figuresOf, type ConnectionCounts, type Snapshot, type TroubleReport } from "./diagnosis.js";
import { extended, type TrailEntry } from "./trail.js";

const MAX_REPORTS = 5;
/** Who never rests is heard of now and then, too; the server takes a few reports a minute. */
const TELL_AFTER_BUILT = 20;

export type Account = Omit<Diagnostics, "id" | "type">;

export class Recorder {
  #trail: readonly TrailEntry[] = [];
  #reports: readonly TroubleReport[] = [];
  /** Not told yet. */
  #trouble: TroubleReport | null = null;
  /** What the server knows of. */
  #told: { built: number; swept: number };

  /** `before`: what others on this page had built. */
  constructor(before: ConnectionCounts) {
    this.#told = before;
  }

  get trail(): readonly TrailEntry[] {
    return this.#trail;
  }

  get reports(): readonly TroubleReport[] {
    return this.#reports;
  }

  note(event: TrailEvent | null, at: number): void {
    if (event !== null) this.#trail = extended(this.#trail, { at, event });
  }

  /** Something went wrong, and nothing was cleaned up yet. The first of several is the one that is told. */
  trouble(cause: ReportCause, snapshot: Snapshot): void {
    const report = { ...snapshot, cause };
    this.#reports = [...this.#reports, report].slice(-MAX_REPORTS);
    this.#trouble ??= report;
  }

  /** Nothing runs now: what to tell the server; null: nothing. `resting`: nothing will run soon. */
  account(snapshot: Snapshot, resting: boolean): Account | null {
    const { built, live, swept } = snapshot.peerConnections;
    const since = { pc_built: built - this.#told.built, pc_swept: swept - this.#told.swept, pc_live: live };
    if (since.pc_swept > 0 && this.#trouble === null) this.trouble(ReportCause.LEAKED, snapshot);
    const due = resting ? since.pc_built > 0 : since.pc_built >= TELL_AFTER_BUILT;
    const trouble = this.#trouble;
    if (trouble === null && !due) return null;
    this.#told = { built, swept };
    this.#trouble = null;
    if (trouble === null) return { report: since };
    return { report: { ...figuresOf(trouble), ...since }, cause: trouble.cause, trail: trouble.trail.map(({ event }) => event) };
  }

  /** The server did not take it: its figures go with the next one. */
  refused({ report }: Account): void {
    this.#told = { built: this.#told.built - Number(report["pc_built"] ?? 0), swept: this.#told.swept - Number(report["pc_swept"] ?? 0) };
  }
}
