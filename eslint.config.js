import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** What only a browser has: the core of the client also runs in React Native and in Node. */
const BROWSER_ONLY = ["window", "document", "navigator", "location", "localStorage", "sessionStorage", "WebSocket", "fetch"];

export default tseslint.config(
  { ignores: ["**/dist/**", "**/node_modules/**", "**/*.gen.ts", "*.config.ts", "src/**", ".venv/**", "docs/**"] },
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [js.configs.recommended, ...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "no-console": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      "@typescript-eslint/no-redundant-type-constituents": "off", // `PlatformTrack | null` says more than `unknown`
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "no-restricted-syntax": ["error", { selector: "TSEnumDeclaration", message: "Use a union of literals." }],
    },
  },
  {
    files: ["clients/js/src/**/*.ts"],
    ignores: ["clients/js/src/browser*.ts", "clients/js/src/host/**", "clients/js/src/react-native/**", "clients/js/src/media/**", "clients/js/src/testing/**", "clients/js/src/**/*.test.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        ...BROWSER_ONLY.map((name) => ({ name, message: "The core takes it from its Environment." })),
        { name: "setTimeout", message: "Use Environment.setTimer, so that a test owns time." },
      ],
      "no-restricted-properties": [
        "error",
        { object: "Date", property: "now", message: "Use Environment.now." },
        { object: "Math", property: "random", message: "Use Environment.random." },
      ],
    },
  },
);
