import { createContext, runInContext } from "node:vm";
import { build, type Rolldown } from "vite";
import { expect, it } from "vitest";

/** Of a browser, Node.js or React Native, not of the language. */
const OF_A_HOST = "window document navigator fetch WebSocket setTimeout queueMicrotask console URL AbortController crypto performance TextEncoder structuredClone Intl";

/** As one script that leaves `scenario`. */
async function bundled(): Promise<string> {
  const lib = { entry: new URL("testing/whole-session.ts", import.meta.url).pathname, formats: ["iife" as const], name: "scenario" };
  const built = await build({ configFile: false, logLevel: "silent", build: { lib, write: false, minify: false } });
  const [{ output }] = built as [Rolldown.RolldownOutput];
  return output[0].code;
}

/** A global object of its own. V8 puts three names into every one that the language does not have. */
function bareEngine(): (code: string) => unknown {
  const context = createContext();
  const run = (code: string): unknown => runInContext(code, context);
  run("delete globalThis.console; delete globalThis.WebAssembly; delete globalThis.Intl");
  return run;
}

it("runs in a JavaScript engine that has nothing but the language", async () => {
  const run = bareEngine();
  expect(run(`"${OF_A_HOST}".split(" ").filter((name) => name in globalThis).join()`)).toBe("");

  run(await bundled());
  const story = await (run("scenario.wholeSession()") as Promise<string[]>);

  expect([...story]).toEqual([
    "connecting start",
    "online start",
    "online searching",
    "online connecting",
    "online talking",
    "sent hello",
    "online searching",
    "online connecting",
    "online start",
    "aborted true",
    "offline start",
    "timers 0",
  ]);
});
