/** What can happen to a session (past tense), and what a session may want done (imperative). */
import type { Credentials, Filters, MediaEvent, Mode, Push, Ready, Reply, RingingState } from "../protocol.gen.js";
import type { BandwidthUse, ConnectionState, Quality } from "./state.js";
import type { CommandBody } from "./wire.js";

/** `auto_next` belongs to the session, not to the wish. */
export type Wishes = Omit<Filters, "auto_next">;

/** One timer of each name at a time; starting it again replaces it. */
export type TimerName = "auto_next" | "retry" | "peer_typing" | "media_over" | "back_over" | "ring_over" | "call_retry";

export type SessionEvent =
  // the person
  | { type: "find_asked"; wishes: Wishes }
  | { type: "next_asked" }
  | { type: "stop_asked" }
  | { type: "stay_asked" }
  | { type: "block_asked" }
  | { type: "report_asked"; reason: string; text: string }
  | { type: "blocked_asked" }
  | { type: "unblock_asked"; block: string }
  | { type: "back_asked" }
  | { type: "auto_next_chosen"; afterMs: number | null; pauseWhenSkipped: boolean }
  | { type: "chat_written"; text: string }
  | { type: "key_pressed" }
  | { type: "microphone_switched"; on: boolean }
  | { type: "camera_switched"; on: boolean }
  | { type: "data_saver_switched"; on: boolean }
  | { type: "call_asked"; to: string; mode: Mode }
  | { type: "accept_asked" }
  /** `ringing`: only what rings, not a talk. */
  | { type: "hang_up_asked"; ringing: boolean }
  | { type: "link_asked"; renew: boolean }
  | { type: "call_block_asked" }
  | { type: "call_report_asked"; reason: string; text: string }
  | { type: "call_dismissed" }
  | { type: "notice_dismissed" }
  | { type: "closed" }
  // the socket
  | { type: "connection_changed"; connection: ConnectionState }
  /** `skewMs`: the server's clock minus ours. `samePerson`: false when a new guest replaced the old. */
  | { type: "became_ready"; ready: Ready; skewMs: number; samePerson: boolean }
  /** After a lost link. `ringing`: what rings, or rings on; null: nothing does any more. */
  | { type: "came_back_to_stand_by"; ringing: RingingState | null; skewMs: number }
  | { type: "pushed"; push: Push }
  | { type: "answered"; command: CommandBody; reply: Reply }
  // the media of the join `epoch`; anything of an older epoch is stale
  | { type: "media_joined"; epoch: number }
  | { type: "media_reconnecting"; epoch: number }
  | { type: "media_failed"; epoch: number; detail: string }
  | { type: "first_frame_shown"; epoch: number }
  | { type: "quality_sampled"; epoch: number; quality: Quality }
  /** The page is looked at again: timers may be late. */
  | { type: "woke" }
  | { type: "timer_fired"; timer: TimerName };

export type Effect =
  | { type: "send"; command: CommandBody }
  /** Whatever of this was not sent, or might have to be sent again, is not. */
  | { type: "withdraw"; command: CommandBody["type"] }
  /** This session is to be the active one. */
  | { type: "take_over" }
  | { type: "report_media"; pair: string; event: MediaEvent; detail?: string; ms?: number }
  | { type: "tell_typing"; pair: string }
  | { type: "join_media"; epoch: number; credentials: Credentials; mode: Mode }
  | { type: "leave_media" }
  | { type: "prepare_media"; url: string }
  | { type: "switch_microphone"; on: boolean }
  | { type: "switch_camera"; on: boolean }
  | { type: "use_bandwidth"; use: BandwidthUse }
  | { type: "start_timer"; timer: TimerName; delayMs: number }
  | { type: "stop_timer"; timer: TimerName }
  /** Across reloads. */
  | { type: "remember"; wishes: Wishes | null };
