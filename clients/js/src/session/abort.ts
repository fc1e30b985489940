/** Calling off what is under way, where there need not be an `AbortController`; React Native's forgets the reason. */

/** An `AbortSignal` is one. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  /** Why, once it is. */
  readonly reason: unknown;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** What calls off, and what is told of it, in one. */
export class Abort implements AbortSignalLike {
  readonly #listeners = new Set<() => void>();
  #reason: unknown = undefined;

  get aborted(): boolean {
    return this.#reason !== undefined;
  }

  get reason(): unknown {
    return this.#reason;
  }

  /** Once; later calls do nothing. */
  abort(reason: Error): void {
    if (this.aborted) return;
    this.#reason = reason;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  addEventListener(_: "abort", listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_: "abort", listener: () => void): void {
    this.#listeners.delete(listener);
  }
}
