import { afterEach, expect, it, vi } from "vitest";
import { browserEnvironment, loadConfig } from "./browser.js";

afterEach(() => vi.unstubAllGlobals());

const told = { websocket_url: "wss://chat.example/ws", guest_url: "/v1/guest", modes: ["text"], guest_scope: "tab" };

/** A server that answers each address with this, and the addresses it was asked. */
function server(answers: Record<string, unknown>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (url: string) => {
    asked.push(url);
    return Promise.resolve({ ok: true, url: new URL(url, "https://page.example").href, json: () => Promise.resolve(answers[url]) });
  });
  return asked;
}

it("asks for guests where the configuration came from, also on a page of another server", async () => {
  const asked = server({ "https://chat.example/config.json": told, "https://chat.example/v1/guest": { token: "t", refresh: "r" } });
  const config = await loadConfig("https://chat.example/config.json");
  expect(await browserEnvironment(config).token(false)).toBe("t");
  expect(asked).toEqual(["https://chat.example/config.json", "https://chat.example/v1/guest"]);
});

it("asks the page's own server unless it is told another", async () => {
  server({ "/config.json": told });
  expect((await loadConfig()).guest_url).toBe("https://page.example/v1/guest");
});
