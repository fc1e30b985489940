import { defineConfig } from "vite";

/** `npx vite build tests/e2e/joins --outDir DIR`. */
export default defineConfig({ build: { target: "es2022", chunkSizeWarningLimit: 1000 } });
