import { defineConfig } from "vite";
import { fromSources } from "../../../vite.sources.config.js";

/** `npx vite build tests/e2e/joins --outDir DIR`. */
export default defineConfig({ ...fromSources, build: { target: "es2022", chunkSizeWarningLimit: 1000 } });
