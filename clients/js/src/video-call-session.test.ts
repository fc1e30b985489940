/** The personal link, blocks and reports; and a state that is the same while nothing changes. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { called, sent, talking, told } from "./testing/call-states.js";
import { settle, World } from "./testing/world.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("the personal link", () => {
  it("is told when it is asked for, and changes when it is renewed", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.link();
    await told(world, { type: "personal_link", link: "old" });
    expect(calls.state.link).toBe("old");
    calls.link({ renew: true });
    await told(world, { type: "personal_link", link: "new" });
    expect(calls.state.link).toBe("new");
    expect(world.server.of("call_link").map(({ renew }) => renew)).toEqual([false, true]);
  });

  it("is not to be had where nobody may call", async () => {
    const world = new World();
    world.server.onCommand = () => ({ code: "not_available", message: "", temporary: false });
    const calls = await world.calls();
    calls.link();
    await settle();
    expect(calls.state).toMatchObject({ link: null, notice: { code: "not_available" } });
  });
});

describe("a block", () => {
  it("ends what rings, by the name of the call", async () => {
    const world = new World();
    const calls = await called(world);
    calls.block();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reason: "declined", by: "me", blocked: true } });
    await settle();
    expect(world.server.last("block").pair).toBe("c1");
    expect(sent(world)).toEqual(["block", "decline"]);
  });

  it("reaches back to a call that came to nothing, and can be said again when it is refused", async () => {
    const world = new World();
    const calls = await called(world);
    await told(world, world.server.callOver("c1", "cancelled"));
    world.server.onCommand = () => ({ code: "unavailable", message: "", temporary: true });
    calls.block();
    expect(calls.state.ended?.blocked).toBe(true);
    await settle();
    expect(calls.state).toMatchObject({ ended: { blocked: false }, notice: { code: "unavailable" } });
    world.server.onCommand = () => null;
    calls.block();
    await settle();
    expect(calls.state.ended?.blocked).toBe(true);
    expect(world.server.of("block").map(({ pair }) => pair)).toEqual(["c1", "c1"]);
  });

  it("and a report end the talk, as in a random chat", async () => {
    const world = new World();
    const calls = await talking(world);
    calls.report("spam", "why");
    await settle();
    expect(calls.state).toMatchObject({ phase: "ended", ended: { reported: true, blocked: true, by: "me" } });
    expect(world.server.last("report")).toMatchObject({ pair: "p1", reason: "spam" });
  });

  it("after a talk is of that pair", async () => {
    const world = new World();
    const calls = await talking(world);
    calls.hangUp();
    calls.block();
    await settle();
    expect(calls.state.ended?.blocked).toBe(true);
    expect(world.server.last("block").pair).toBe("p1");
  });

  it("without a call or a talk is of nobody", async () => {
    const world = new World();
    const calls = await world.calls();
    calls.block();
    calls.report("spam", "");
    await settle();
    expect(sent(world)).toEqual([]);
  });
});

it("gives the same state as long as nothing changes", async () => {
  const world = new World();
  const calls = await called(world);
  const { state } = calls;
  calls.dismissNotice();
  expect(calls.state.call).toBe(state.call);
  await settle(10);
  expect(calls.state).toBe(calls.state);
});
