import { describe, expect, it } from "vitest";
import type { Matched, Mode } from "../protocol.gen.js";
import type { Effect, SessionEvent } from "./events.js";
import { initialModel, type Model } from "./model.js";
import { POOR_SAMPLES, SILENT_SAMPLES, WELL_SAMPLES } from "./network.js";
import { reduce } from "./reducer.js";
import type { Quality } from "./state.js";

const media = { kind: "livekit" as const, url: "ws://media.test", token: "t", room: "r", subscribe: ["x"] };
const matched = (mode: Mode): Matched => ({
  type: "matched", rev: 1, pair: "a", attempt: 1, mode, peer: { alias: "a", interests: [], facets: {} }, media, deadline_ms: 10_000,
});

function talking(mode: Mode = "video"): Model {
  const events: SessionEvent[] = [{ type: "find_asked", wishes: { mode } }, { type: "pushed", push: matched(mode) }];
  return play(initialModel({ autoNextMs: 0, hasMedia: true, wishes: null, dataSaver: false }), events).model;
}

function play(model: Model, events: readonly SessionEvent[]): { model: Model; effects: Effect[] } {
  const effects: Effect[] = [];
  for (const event of events) {
    const step = reduce(model, event, 0);
    model = step.state;
    effects.push(...step.effects);
  }
  return { model, effects };
}

function sampled(model: Model, level: Quality["level"], times: number, heard: Quality["heard"] = true): { model: Model; effects: Effect[] } {
  const quality: Quality = { level, rttMs: 1, loss: 0, receivedKbps: 1, sentKbps: 1, heard };
  return play(model, Array.from({ length: times }, () => ({ type: "quality_sampled", epoch: model.epoch, quality })));
}

describe("the quality", () => {
  it("is seen, and forgotten with the pair", () => {
    const { model } = sampled(talking(), "fair", 1);
    expect(model.view.network.quality?.level).toBe("fair");
    expect(play(model, [{ type: "next_asked" }]).model.view.network.quality).toBeNull();
  });

  it("of an older join is not listened to", () => {
    const model = talking();
    const quality: Quality = { level: "poor", rttMs: 1, loss: 1, receivedKbps: 0, sentKbps: 0, heard: true };
    expect(play(model, [{ type: "quality_sampled", epoch: model.epoch - 1, quality }]).model.view.network.quality).toBeNull();
  });
});

describe("a partner of whom nothing comes", () => {
  const peerSilent = ({ view }: Model): boolean | undefined => view.pair?.peerSilent;
  const silent = (): Model => sampled(talking(), "good", SILENT_SAMPLES, false).model;

  it("is told after more than a hitch, until something comes", () => {
    expect(peerSilent(sampled(talking(), "good", SILENT_SAMPLES - 1, false).model)).toBe(false);
    expect(peerSilent(silent())).toBe(true);
    expect(peerSilent(sampled(silent(), "good", 1, true).model)).toBe(false);
  });

  it("stays so while nobody can tell", () => {
    expect(peerSilent(sampled(silent(), "lost", 3, null).model)).toBe(true);
    expect(peerSilent(sampled(talking(), "lost", 3, null).model)).toBeUndefined();
  });

  it("is known otherwise when the server says something of them", () => {
    const back = { type: "pushed", push: { type: "peer", pair: "a", event: "back" } } as const;
    expect(peerSilent(play(silent(), [back]).model)).toBe(false);
    expect(peerSilent(sampled(play(silent(), [back]).model, "good", SILENT_SAMPLES - 1, false).model)).toBe(false);
  });
});

describe("pictures", () => {
  it("go when the quality stayed poor, and people are told", () => {
    expect(sampled(talking(), "poor", POOR_SAMPLES - 1).effects).toEqual([]);
    const { model, effects } = sampled(talking(), "poor", POOR_SAMPLES);
    expect(model.view).toMatchObject({ network: { soundOnly: true }, notice: { code: "sound_only" } });
    expect(effects).toEqual([{ type: "use_bandwidth", use: "sound_only" }]);
  });

  it("stay when nothing at all gets through: that is told otherwise", () => {
    const { model, effects } = sampled(talking(), "lost", 3 * POOR_SAMPLES);
    expect(model.view).toMatchObject({ network: { soundOnly: false }, notice: null });
    expect(effects).toEqual([]);
  });

  it("stay when it was poor only now and then", () => {
    let model = talking();
    for (let n = 0; n < 10; n += 1) model = sampled(sampled(model, "poor", POOR_SAMPLES - 1).model, "fair", 1).model;
    expect(model.view.network.soundOnly).toBe(false);
  });

  it("come back, later each time that it was too early", () => {
    let model = sampled(talking(), "poor", POOR_SAMPLES).model;
    for (const patience of [1, 2, 4, 8, 8]) {
      model = sampled(model, "good", patience * WELL_SAMPLES - 1).model;
      expect(model.view.network.soundOnly).toBe(true);
      const back = sampled(model, "good", 1);
      expect(back.effects).toEqual([{ type: "use_bandwidth", use: "full" }]);
      expect(back.model.view.notice?.code).toBe("picture_back");
      model = sampled(back.model, "poor", POOR_SAMPLES).model;
    }
  });

  it("come back for the next partner", () => {
    const { model } = sampled(talking(), "poor", POOR_SAMPLES);
    const next = play(model, [{ type: "next_asked" }]);
    expect(next.model.view.network.soundOnly).toBe(false);
    expect(next.effects).toContainEqual({ type: "use_bandwidth", use: "full" });
  });

  it("are no matter of a talk by voice", () => {
    expect(sampled(talking("voice"), "poor", 3 * POOR_SAMPLES).effects).toEqual([]);
  });
});

describe("the data saver", () => {
  it("is a choice that outlives pairs and the end of the session", () => {
    const saving = play(talking(), [{ type: "data_saver_switched", on: true }]);
    expect(saving.effects).toEqual([{ type: "use_bandwidth", use: "data_saver" }]);
    const { model } = play(saving.model, [{ type: "next_asked" }, { type: "closed" }]);
    expect(model.view.network.dataSaver).toBe(true);
  });

  it("is what the pictures come back to", () => {
    const saving = play(talking(), [{ type: "data_saver_switched", on: true }]).model;
    const silent = sampled(saving, "poor", POOR_SAMPLES).model;
    expect(sampled(silent, "good", WELL_SAMPLES).effects).toEqual([{ type: "use_bandwidth", use: "data_saver" }]);
  });
});
