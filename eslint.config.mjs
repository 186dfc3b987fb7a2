import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What only the glue and runtime/ may know. */
const nodeRed = {
  group: ['node-red', 'node-red/*', '@node-red/*', 'node-red-node-test-helper'],
  message: 'Only the glue (nodes/*.ts) and nodes/runtime/ know Node-RED.',
};
const outside = {
  regex: '^(\\.\\./)+(simulator|demo|test|bench)(/|$)',
  message: 'The product never imports the simulator, the demo, tests or benches.',
};
const room = (name) => ({
  regex: `^(\\.\\./)*\\.?/?${name}(/|$)`,
  message: `Arrows run glue -> runtime/, provisioning/ -> service/; ${name}/ is not below this room.`,
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
  { files: ['nodes/*.ts'], rules: forbid() },
  { files: ['nodes/runtime/**/*.ts'], rules: forbid(room('provisioning')) },
  { files: ['nodes/provisioning/**/*.ts'], rules: forbid(nodeRed, room('runtime')) },
  { files: ['nodes/service/**/*.ts'], rules: forbid(nodeRed, room('runtime'), room('provisioning')) },
  { files: ['nodes/**/*.ts'], rules: { 'no-console': 'error' } },
  {
    // mocha's own style: describe() and it() return what nobody waits for, and assertions read any JSON.
    files: ['test/**/*.ts'],
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
