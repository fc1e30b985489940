/** Commands that have no answer yet, in order. The same id is used until the answer comes. */
import type { Command } from "./protocol.gen.js";
import type { CommandBody } from "./session/wire.js";

/** More unanswered commands than this are refused: a person cannot mean that many. */
export const OUTBOX_LIMIT = 64;

export class Outbox {
  readonly #waiting = new Map<string, CommandBody>();
  readonly #withdrawn = new Map<string, CommandBody>();
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
    const body = this.#waiting.get(id) ?? this.#withdrawn.get(id) ?? null;
    this.#waiting.delete(id);
    this.#withdrawn.delete(id);
    return body;
  }

  /** Not said again; an answer is still taken. */
  withdraw(type: CommandBody["type"]): void {
    for (const [id, body] of this.#waiting) if (body.type === type) this.#withdrawn.set(id, body);
    for (const id of this.#withdrawn.keys()) this.#waiting.delete(id);
  }

  /** Nobody answers any more what was withdrawn before this. */
  forgetWithdrawn(): void {
    this.#withdrawn.clear();
  }

  all(): Command[] {
    return [...this.#waiting].map(([id, body]) => withId(id, body));
  }

  clear(): void {
    this.#waiting.clear();
    this.#withdrawn.clear();
  }
}

function withId(id: string, body: CommandBody): Command {
  return { id, ...body };
}
