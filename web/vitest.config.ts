import { defineConfig } from "vitest/config";
import { fromSources } from "../vite.sources.config.js";

export default defineConfig({ ...fromSources, test: { name: "page", environment: "node", include: ["src/**/*.test.ts"] } });
