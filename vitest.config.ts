import { defineConfig } from "vitest/config";

/** Each workspace that has a `vitest.config.ts` is a project of its own. */
export default defineConfig({ test: { projects: ["clients/js", "web"] } });
