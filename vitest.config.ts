import { defineConfig } from "vitest/config";

/** The client here; the page by its own configuration. */
export default defineConfig({
  test: { projects: [{ test: { name: "client", include: ["clients/js/src/**/*.test.ts"] } }, "web"] },
});
