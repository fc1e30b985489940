import { defineConfig } from "vite";
import { fromSources } from "../../vite.sources.config.js";

const PAGES = ["product.html", "bare.html"].map((name) => new URL(name, import.meta.url).pathname);

/** Both pages, as the real one is built: `npx vite build benchmarks/next --outDir DIR`. */
export default defineConfig({ ...fromSources, build: { target: "es2022", chunkSizeWarningLimit: 1000, rolldownOptions: { input: PAGES } } });
