import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';

/** What each kind of project may import: the table of docs/structure.md, enforced. */
const boundaries = [
  { sourceTag: 'type:kernel', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'type:platform', onlyDependOnLibsWithTags: ['type:platform', 'type:kernel'] },
  { sourceTag: 'type:domain', onlyDependOnLibsWithTags: ['type:kernel'], bannedExternalImports: ['@nestjs/*', 'typeorm', 'pg', 'sharp', 'onnxruntime-node', '@tensorflow/*'] },
  { sourceTag: 'type:data-access', onlyDependOnLibsWithTags: ['type:domain', 'type:platform', 'type:kernel'] },
  { sourceTag: 'type:feature', onlyDependOnLibsWithTags: ['type:domain', 'type:platform', 'type:kernel'] },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['*'] },
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['type:platform', 'type:kernel'] },
  ...['collection', 'identity', 'augmentation', 'recognition', 'operations'].map((subject) => ({
    sourceTag: `scope:${subject}`,
    onlyDependOnLibsWithTags: [`scope:${subject}`, 'scope:shared'],
  })),
  { sourceTag: 'scope:shared', onlyDependOnLibsWithTags: ['scope:shared'] },
  { sourceTag: 'scope:app', onlyDependOnLibsWithTags: ['*'] },
];

export default tseslint.config(
  { ignores: ['**/dist/**', 'node_modules/**', '.nx/**', 'data/**', 'coverage/**', '*.config.ts'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts'],
    plugins: { '@nx': nx },
    rules: {
      '@nx/enforce-module-boundaries': ['error', { enforceBuildableLibDependency: true, allow: [], depConstraints: boundaries }],
    },
  },
  {
    files: ['libs/**/*.ts'],
    // Servers start programs, which need the PATH; tests hear of servers that stand elsewhere.
    ignores: ['libs/shared/config/**', 'libs/shared/servers/**', 'libs/**/*.{spec,fixture}.ts'],
    rules: {
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Take a configuration value as an argument: only shared/config reads the environment.' }],
    },
  },
);
