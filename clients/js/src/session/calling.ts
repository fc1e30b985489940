/** Direct calls: ringing, being rung, and what becomes of it. A taken call is a pair, and `pairing.ts` has that. */
import { step, type Model, type Step } from "./model.js";
import type { SessionEvent } from "./events.js";

export type CallAsked = Extract<SessionEvent, { type: "call_asked" | "accept_asked" | "hang_up_asked" | "link_asked" | "call_block_asked" | "call_report_asked" | "call_dismissed" }>;

export function callAsked(model: Model, event: CallAsked): Step {
  return event.type === "call_dismissed" ? step(model) : step(model);
}
