/**
 * How everything in this repository takes the client from its sources, so that nothing is built first.
 *
 * A condition that only we name: who installs the package gets its JavaScript. The compiler has it in
 * `tsconfig.base.json`.
 */
import { defaultClientConditions, defaultServerConditions, type UserConfig } from "vite";

const SOURCES = "@duologue/source";

export const fromSources: UserConfig = {
  resolve: { conditions: [SOURCES, ...defaultClientConditions] },
  ssr: { resolve: { conditions: [SOURCES, ...defaultServerConditions] } },
};
