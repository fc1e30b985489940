import { afterEach, describe, expect, it, vi } from "vitest";
import type { LifecycleEvent, ServerConfig } from "../session/api.js";
import { World } from "../testing/world.js";
import { reactNativeEnvironment } from "./environment.js";
import { appLifecycle, type AppStateLike, type NetworkState } from "./lifecycle.js";
import { AudioOutput } from "./sound.js";
import { preload, type AsyncStorageLike } from "./storage.js";
import { PhoneAudio } from "../testing/fake-phone.js";

const CONFIG: ServerConfig = { websocket_url: "ws://gateway.test", guest_url: "http://api.test/guest", modes: ["video"], guest_scope: "device" };

class App implements AppStateLike {
  currentState = "active";
  readonly listeners = new Set<(state: string) => void>();
  addEventListener(_: "change", listener: (state: string) => void): { remove(): void } {
    this.listeners.add(listener);
    return { remove: () => void this.listeners.delete(listener) };
  }
  goes(state: string): void {
    for (const listener of this.listeners) listener(state);
  }
}

class Network {
  readonly listeners = new Set<(state: NetworkState) => void>();
  addEventListener(listener: (state: NetworkState) => void): () => void {
    this.listeners.add(listener);
    listener({ type: "wifi", isConnected: true });
    return () => void this.listeners.delete(listener);
  }
  becomes(type: string, isConnected: boolean | null): void {
    for (const listener of this.listeners) listener({ type, isConnected });
  }
}

class Storage implements AsyncStorageLike {
  readonly kept = new Map<string, string>();
  broken = false;
  getItem(name: string): Promise<string | null> {
    return this.broken ? Promise.reject(new Error("no storage")) : Promise.resolve(this.kept.get(name) ?? null);
  }
  setItem(name: string, text: string): Promise<void> {
    if (this.broken) return Promise.reject(new Error("full"));
    this.kept.set(name, text);
    return Promise.resolve();
  }
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

describe("an app", () => {
  it("that goes into the background and comes back is hidden meanwhile; a glance elsewhere is nothing", () => {
    const [app, heard] = [new App(), [] as LifecycleEvent[]];
    const stop = appLifecycle(app).listen((event) => heard.push(event));
    for (const state of ["inactive", "active", "inactive", "background", "active"]) app.goes(state);
    expect(heard).toEqual(["visible", "hidden", "visible"]);
    stop();
    expect(app.listeners.size).toBe(0);
  });

  it("that a push started in the background is hidden from the start", () => {
    const [app, heard] = [new App(), [] as LifecycleEvent[]];
    app.currentState = "background";
    appLifecycle(app).listen((event) => heard.push(event));
    expect(heard).toEqual(["hidden"]);
  });

  it("hears when its network is lost, back, or another one, and not how it is anyway", () => {
    const [network, heard] = [new Network(), [] as LifecycleEvent[]];
    const stop = appLifecycle(new App(), network).listen((event) => heard.push(event));
    expect(heard).toEqual([]);
    network.becomes("wifi", true);
    network.becomes("none", false);
    network.becomes("cellular", true);
    network.becomes("wifi", true);
    network.becomes("unknown", null);
    expect(heard).toEqual(["offline", "resumed", "resumed"]);
    stop();
    expect(network.listeners.size).toBe(0);
  });

  it("tells the server that it is hidden, by the session", async () => {
    vi.useFakeTimers();
    const app = new App();
    const world = new World({ lifecycle: appLifecycle(app) });
    await world.online();
    app.goes("background");
    await vi.advanceTimersByTimeAsync(0);
    expect(world.server.last("hidden").value).toBe(true);
    vi.useRealTimers();
  });
});

describe("what an app keeps", () => {
  it("is there at once after a restart", async () => {
    const storage = new Storage();
    const before = await preload(storage);
    before.store("resume", "token-1");
    before.store("wishes", "{}");
    before.store("wishes", null);
    await soon();

    const after = await preload(storage);
    expect([after.load("resume"), after.load("wishes")]).toEqual(["token-1", null]);
    expect([...storage.kept.keys()]).toEqual(["duologue"]);
  });

  it("is lost where the storage fails, and nothing else is", async () => {
    const storage = new Storage();
    storage.broken = true;
    const kept = await preload(storage);
    kept.store("resume", "token-1");
    await soon();
    expect(kept.load("resume")).toBe("token-1");
  });

  it.each(["[1]", "nonsense", "7", '{"resume": 7}'])("is nothing where somebody else wrote %s", async (text) => {
    const storage = new Storage();
    storage.kept.set("duologue", text);
    expect((await preload(storage)).load("resume")).toBeNull();
  });
});

describe("the environment of an app", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("is one guest for as long as the storage keeps it", async () => {
    const storage = new Storage();
    const asked: string[] = [];
    vi.stubGlobal("fetch", (_: string, { body }: { body: string }) => {
      asked.push(body);
      return Promise.resolve(new Response(JSON.stringify({ token: "t", refresh: `r${asked.length}`, person: "p", expires_at: 0 })));
    });
    const environment = async () => reactNativeEnvironment(CONFIG, { appState: new App(), storage });
    expect(await (await environment()).token(false)).toBe("t");
    await soon();
    await (await environment()).token(false);
    expect(asked).toEqual(["{}", '{"refresh":"r1"}']);
  });

  it("takes the tokens of an integrator instead", async () => {
    const environment = await reactNativeEnvironment(CONFIG, { appState: new App(), storage: new Storage(), token: () => Promise.resolve("mine") });
    expect(await environment.token(true)).toBe("mine");
  });
});

describe("the sound comes out of", () => {
  it.each([
    [["speaker", "earpiece"], true, "speaker"],
    [["speaker", "earpiece"], false, "earpiece"],
    [["speaker", "earpiece", "bluetooth"], false, "bluetooth"],
    [["default", "force_speaker"], true, "force_speaker"],
    [["default", "force_speaker"], false, "default"],
  ])("one of %j with the speaker %s: %s", async (outputs, on, chosen) => {
    const audio = new PhoneAudio();
    audio.outputs = outputs;
    expect(await new AudioOutput(audio).setSpeaker(on)).toBe(true);
    expect(audio.log).toEqual([chosen]);
  });

  it("what it did before, where there is no choice", async () => {
    const audio = new PhoneAudio();
    audio.outputs = [];
    expect(await new AudioOutput(audio).setSpeaker(true)).toBe(false);
    expect(audio.log).toEqual([]);
  });
});
