/** The phone's audio session: on while somebody talks, and what the sound comes out of. */

/** `AudioSession` of `@livekit/react-native`. */
export interface AudioSessionLike {
  startAudioSession(): Promise<void>;
  stopAudioSession(): Promise<void>;
  getAudioOutputs(): Promise<string[]>;
  selectAudioOutput(output: string): Promise<void>;
}

/** From one talk to the next it stays on: music would begin in between, and Bluetooth take a second to come back. */
export const LINGER_MS = 5_000;

/** One thing at a time, in order. */
export class Sound {
  readonly #session: AudioSessionLike;
  #work: Promise<void> = Promise.resolve();
  #on = false;
  #stopLater: ReturnType<typeof setTimeout> | undefined;

  constructor(session: AudioSessionLike) {
    this.#session = session;
  }

  /** Resolves when it is on. Rejects when the phone refuses, as in a call of the telephone. */
  start(): Promise<void> {
    clearTimeout(this.#stopLater);
    return this.#then(async () => {
      if (this.#on) return;
      await this.#session.startAudioSession();
      this.#on = true;
    });
  }

  /** The talk is over; perhaps the next one begins soon. */
  rest(): void {
    clearTimeout(this.#stopLater);
    this.#stopLater = setTimeout(() => void this.stop(), LINGER_MS);
  }

  /** Resolves when it is off. Never rejects. */
  stop(): Promise<void> {
    clearTimeout(this.#stopLater);
    return this.#then(async () => {
      if (!this.#on) return;
      this.#on = false;
      await this.#session.stopAudioSession().catch(() => undefined);
    });
  }

  #then(run: () => Promise<void>): Promise<void> {
    const done = this.#work.then(run);
    this.#work = done.catch(() => undefined);
    return done;
  }
}

/** Loudspeaker or not. What there is to choose from, phones call differently. */
export class AudioOutput {
  readonly #session: AudioSessionLike;

  constructor(session: AudioSessionLike) {
    this.#session = session;
  }

  /** Android: those of `speaker`, `earpiece`, `headset`, `bluetooth` that are there. iOS: `default`, `force_speaker`. Only in a talk. */
  choices(): Promise<string[]> {
    return this.#session.getAudioOutputs();
  }

  choose(output: string): Promise<void> {
    return this.#session.selectAudioOutput(output);
  }

  /** On, or to whatever the phone takes without it: a headset that is there before the earpiece. False: there is no such choice. */
  async setSpeaker(on: boolean): Promise<boolean> {
    const choices = await this.choices();
    const wanted = on ? ["speaker", "force_speaker"] : ["bluetooth", "headset", "earpiece", "default"];
    const choice = wanted.find((output) => choices.includes(output));
    if (choice !== undefined) await this.choose(choice);
    return choice !== undefined;
  }
}
