import { defineConfig } from 'vitest/config';

// Workspace packages resolve to their sources, so a test needs no build of what it imports.
// `import` must not be named: the tests' process would then resolve every `require` as an import.
const resolve = { conditions: ['source', 'node'] };
const shared = { resolve, ssr: { resolve } };
const outside = ['**/node_modules/**', '**/dist/**'];

export default defineConfig({
  ...shared,
  test: {
    projects: [
      { ...shared, test: { name: 'unit', include: ['{apps,libs,tools}/**/*.spec.ts'], exclude: [...outside, '**/*.medium.spec.ts', '**/*.e2e.spec.ts', '**/*.chaos.spec.ts'] } },
      {
        ...shared,
        // One real part each: a database, native image or model code.
        test: { name: 'medium', include: ['{apps,libs}/**/*.medium.spec.ts'], exclude: outside, testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        ...shared,
        // The running platform, through its public door; one at a time, since each starts one.
        test: { name: 'e2e', include: ['apps/*-e2e/**/*.e2e.spec.ts'], exclude: outside, testTimeout: 300_000, hookTimeout: 300_000, maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 2 } },
      },
      {
        ...shared,
        // What takes too long for every push: bursts, outages and storms over real servers. `npm run chaos` starts it.
        test: { name: 'chaos', include: ['apps/*-e2e/**/*.chaos.spec.ts'], exclude: outside, testTimeout: 1_800_000, hookTimeout: 300_000, maxWorkers: 1, fileParallelism: false, sequence: { groupOrder: 3 } },
      },
    ],
  },
});
