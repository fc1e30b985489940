/** Commands that have no answer yet, in order. The same id is used until the answer comes. */
import type { Command } from "./protocol.gen.js";
import type { CommandBody } from "./session/wire.js";

/** More unanswered commands than this are refused: a person cannot mean that many. */
export const OUTBOX_LIMIT = 64;

export class Outbox {
  readonly #waiting = new Map<string, CommandBody>();
  readonly #prefix: string;
  #count = 0;

  /** `random` makes the prefix, so that ids of two page loads of a person differ. */
  constructor(random: () => number) {
    this.#prefix = Math.floor(random() * 2 ** 48).toString(36);
  }

  /** Null: full. */
  add(body: CommandBody): Command | null {
    if (this.#waiting.size >= OUTBOX_LIMIT) return null;
    this.#count += 1;
    const id = `${this.#prefix}-${this.#count}`;
    this.#waiting.set(id, body);
    return withId(id, body);
  }

  /** Null: nobody waits for this answer (any more). */
  take(id: string): CommandBody | null {
    const body = this.#waiting.get(id) ?? null;
    this.#waiting.delete(id);
    return body;
  }

  all(): Command[] {
    return [...this.#waiting].map(([id, body]) => withId(id, body));
  }

  clear(): void {
    this.#waiting.clear();
  }
}

function withId(id: string, body: CommandBody): Command {
  return { id, ...body };
}
