import { defineConfig } from "vitest/config";

/** The client here; the page by its own configuration. */
const PATIENCE_MS = 30_000; // clocks in tests are fake: only a busy machine makes one slow

export default defineConfig({
  test: { projects: [{ test: { name: "client", include: ["clients/js/src/**/*.test.ts"], testTimeout: PATIENCE_MS } }, "web"] },
});
