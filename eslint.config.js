// The browser app's rules. The layers go one way: screens → parts → device → core; core is pure (decides), device acts.
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

const up = (...layers) => ({
  "no-restricted-imports": [
    "error",
    {
      patterns: layers.map((layer) => ({
        group: [`**/${layer}/**`],
        message: "Imports go screens → parts → device → core.",
      })),
    },
  ],
});

/** Proofs need the curves and the contract's code: only `import()`, which no rule forbids, keeps them out of the first load. */
const lazy = (...group) => ({
  "@typescript-eslint/no-restricted-imports": [
    "error",
    { patterns: [{ group, allowTypeImports: true, message: "Load core/proof by import()." }] },
  ],
});

export default ts.config(
  { ignores: ["**/*", "!api", "!api/web", "!api/web/app", "!api/web/app/**", "**/node_modules/**"] },
  ...ts.configs.strictTypeChecked,
  ...svelte.configs.recommended,
  {
    files: ["api/web/app/**/*.{ts,svelte}"],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        projectService: true,
        tsconfigRootDir: import.meta.dirname,
        extraFileExtensions: [".svelte"],
        parser: ts.parser,
      },
    },
    rules: {
      "no-console": "error",
      "svelte/prefer-svelte-reactivity": "off", // dates, maps and addresses here are made and read, never changed in view
      "@typescript-eslint/no-misused-spread": ["error", { allow: ["string"] }], // code points are what is meant
      "svelte/no-at-html-tags": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
    },
  },
  {
    files: ["api/web/app/src/core/**"],
    rules: {
      ...up("device", "screens", "parts", "messages"),
      "no-restricted-globals": [
        "error",
        "fetch",
        "window",
        "document",
        "navigator",
        "localStorage",
        "indexedDB",
        "Date",
      ],
    },
  },
  {
    files: ["api/web/app/src/**"],
    ignores: ["api/web/app/src/core/**", "**/*.test.ts"],
    rules: lazy("**/core/proof", "**/core/proof/**"),
  },
  {
    files: ["api/web/app/src/core/**"],
    ignores: ["api/web/app/src/core/proof/**"],
    rules: lazy("**/proof", "**/proof/**"),
  },
  { files: ["**/*.js"], ...ts.configs.disableTypeChecked },
  { files: ["api/web/app/src/device/**"], rules: up("screens", "parts") },
  { files: ["api/web/app/src/parts/**"], rules: up("screens") },
);
