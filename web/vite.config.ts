import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { fromSources } from "../vite.sources.config.js";

const SERVER = "http://127.0.0.1:8000";

/** `--mode gallery` builds every state of the page for screenshots instead of the page. */
export default defineConfig(({ mode }) => ({
  ...fromSources,
  plugins: [react()],
  server: { proxy: { "/config.json": SERVER, "/v1": { target: SERVER, ws: true } } },
  // Inlined assets would need `data:` in the server's content security policy.
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600, // livekit-client, in a chunk of its own
    rolldownOptions: { input: mode === "gallery" ? "gallery.html" : "index.html" },
  },
}));
