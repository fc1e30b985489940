/**
 * Standing by: another session of this person is the active one, and this one only rings.
 *
 * Says how the next link comes in, and what may be said on this one, and when. Must not know how links are opened,
 * nor what the messages mean for a person.
 */
import type { Command } from "./protocol.gen.js";

export class Reserve {
  #standsBy = false;
  /** `stand_by` was said on this link: until the answer the server wants to hear nothing else. */
  #asking = false;
  /** On this link, this `accept` was said: until `ready` or its answer the server wants to hear no other command. */
  #accepting: string | null = null;

  /** `possible`: whether to stay at all where another session takes over. */
  constructor(readonly possible: boolean) {}

  /** Also between two links: the next one stands by, too. */
  get standsBy(): boolean {
    return this.#standsBy;
  }

  get asking(): boolean {
    return this.#asking;
  }

  /** Commands have to wait. */
  get busy(): boolean {
    return this.#asking || this.#accepting !== null;
  }

  get accepting(): boolean {
    return this.#accepting !== null;
  }

  /** `stand_by` is being said. */
  ask(): void {
    this.#asking = true;
  }

  /** The server has us stand by. True: as we have asked. */
  told(): boolean {
    const asked = this.#asking;
    this.#asking = false;
    this.#accepting = null;
    this.#standsBy = this.#standsBy || !asked;
    return asked;
  }

  /** This command is being said: an `accept` makes us the active session, if it is in time. */
  saying({ id, type }: Command): void {
    if (this.#standsBy && type === "accept") this.#accepting = id;
  }

  /** True: that was our `accept`, and it was too late; we go on standing by. */
  answered(id: string): boolean {
    if (this.#accepting !== id) return false;
    this.#accepting = null;
    return true;
  }

  /** We are the active session. The `accept` that made us that needs not be said again. */
  ready(): string | null {
    const accepted = this.#accepting;
    this.comeForward();
    this.linkLost();
    return accepted;
  }

  /** Be the active session again, from the next word on. */
  comeForward(): void {
    this.#standsBy = false;
  }

  /** Whatever was asked on that link is asked again on the next one. */
  linkLost(): void {
    this.#asking = false;
    this.#accepting = null;
  }
}
