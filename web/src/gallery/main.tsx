import i18next from "i18next";
import { createRoot } from "react-dom/client";
import { App } from "../app";
import { startI18n } from "../i18n";
import { FIRST, savePreferences } from "../preferences";
import "../styles/index.css";
import { callsOf, invites, inviteTo } from "./calls";
import { drawn, FakeCalls, FakeChat, FakeDevices, silence } from "./fake";
import heron from "./heron.svg";
import { problemOf, STATES, stateOf, wordsOf, type GalleryState } from "./states";
import you from "./you.svg";

const asked = new URLSearchParams(location.search).get("state");
const name: GalleryState = STATES.find((state) => state === asked) ?? "start";

await startI18n();
const language = i18next.language;
const mode = name === "text" || name === "text-start" ? "text" : name === "voice" || name === "voice-start" ? "voice" : "video";
savePreferences({ ...FIRST, mode, interests: wordsOf(language).interests, agreed: name !== "incoming-first" });
if (invites(name)) history.replaceState(null, "", inviteTo(location.pathname + location.search));

// A browser that waits for a gesture.
if (name === "sound-blocked") HTMLAudioElement.prototype.play = () => Promise.reject(new DOMException("", "NotAllowedError"));
const [partner, camera] = await Promise.all([drawn(heron, 960, 720), drawn(you, 960, 540)]);
const state = stateOf(name, language);
const calls = new FakeCalls(callsOf(name, language, state));
const session = new FakeChat(state, { video: name === "waiting-picture" ? null : partner, audio: name === "sound-blocked" ? silence() : null });
const devices = new FakeDevices(name, camera, silence());
const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App session={session} calls={calls} whoCalls={name === "rules" ? "nobody" : "link"} devices={devices} modes={["video", "voice", "text"]} reportReasons={["nudity", "harassment", "spam", "other"]} />);

// Some states are a press away.
await new Promise((resolve) => setTimeout(resolve, 150));
const press = (selector: string): void => document.querySelector<HTMLElement>(selector)?.click();
if (problemOf(name) !== null) press("[data-testid='go']");
if (name === "rules") press("[data-testid='stop']");
if (name === "my-link" || name === "new-link") press("[data-testid='stop']");
if (name === "new-link") {
  await new Promise((resolve) => setTimeout(resolve, 150));
  press("[data-testid='new-link']");
}
if (name === "quality") press("[data-testid='quality']");
// A menu opens by the pointer going down, and by keys.
if (name === "more" || name === "block") {
  document.querySelector("[data-testid='more']")?.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  await new Promise((resolve) => setTimeout(resolve, 150));
}
if (name === "block") press("[data-testid='block']");
if (name === "chat") {
  press(".control--chat");
  document.querySelector<HTMLElement>("[data-testid='chat-input']")?.focus();
}
if (name === "keys") document.dispatchEvent(new KeyboardEvent("keydown", { key: "?" }));
const ofBlocked = name === "blocked-people" || name === "blocked-nobody" || name === "blocked-failed";
if (name === "settings" || ofBlocked) [...document.querySelectorAll<HTMLElement>(".brand-row .icon-button, .top .icon-button")].find((button) => button.offsetParent !== null)?.click();
if (ofBlocked) {
  await new Promise((resolve) => setTimeout(resolve, 150));
  press("[data-testid='blocked-people']");
}
document.documentElement.dataset["ready"] = "true";
