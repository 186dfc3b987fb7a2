import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What the operator page uses of a browser. */
const BROWSER = [
  'AudioContext',
  'FormData',
  'URL',
  'XMLHttpRequest',
  'clearInterval',
  'clearTimeout',
  'document',
  'fetch',
  'localStorage',
  'matchMedia',
  'navigator',
  'sessionStorage',
  'setInterval',
  'setTimeout',
  'window',
];
/** Imports that only the node files and runtime/ may make. */
const nodeRed = {
  group: ['node-red', 'node-red/*', '@node-red/*', 'node-red-node-test-helper'],
  message: 'Only the node files (nodes/*.ts) and nodes/runtime/ know Node-RED.',
};
const outside = {
  regex: '^(\\.\\./)+(simulator|harness|demo|test|stress|bench)(/|$)',
  message: 'The product never imports the simulator, harness, demo, tests, stress runs or benchmarks.',
};
/** The folders that each folder of the product must not import; see CONTRIBUTING.md for the layers. */
const FORBIDDEN = {
  report: ['definitions', 'work', 'runtime', 'operations', 'parse'],
  definitions: ['report', 'http'],
  work: ['report', 'definitions', 'http'],
  runtime: ['report', 'definitions', 'work', 'operations', 'parse'],
  operations: ['report', 'definitions', 'work', 'runtime', 'http'],
  api: ['report', 'definitions', 'work', 'runtime', 'operations', 'parse'],
  parse: ['report', 'definitions', 'work', 'runtime', 'operations', 'api', 'http'],
  http: ['report', 'definitions', 'work', 'runtime', 'operations', 'api', 'parse'],
  util: ['report', 'definitions', 'work', 'runtime', 'operations', 'api', 'parse', 'http'],
};
const folder = (name, from) => ({
  regex: `^(\\.\\./)*\\.?/?${name}(/|$)`,
  message: `Imports run one way: node files -> definitions -> work -> runtime, operations -> api -> http -> util; ${from}/ must not import ${name}/.`,
});
const forbid = (...patterns) => ({
  '@typescript-eslint/no-restricted-imports': ['error', { patterns: [...patterns, outside] }],
});

export default tseslint.config(
  { ignores: ['dist', 'coverage', '.cache', 'test-results', 'node_modules'] },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly' } },
  },
  {
    files: ['resources/operator-page/*.js'],
    languageOptions: {
      globals: Object.fromEntries(BROWSER.map((name) => [name, 'readonly'])),
    },
  },
  { files: ['nodes/*.ts'], rules: forbid() },
  ...Object.entries(FORBIDDEN).map(([name, others]) => ({
    files: [`nodes/${name}/**/*.ts`],
    rules: forbid(
      ...(name === 'runtime' || name === 'work' ? [] : [nodeRed]),
      ...others.map((other) => folder(other, name)),
    ),
  })),
  { files: ['nodes/**/*.ts'], rules: { 'no-console': 'error' } },
  {
    // mocha's own style: describe() and it() return what nobody waits for, and assertions read any JSON.
    files: ['test/**/*.ts', 'stress/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
    },
  },
);
