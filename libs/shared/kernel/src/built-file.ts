import { fileURLToPath } from 'node:url';

/**
 * The path of a compiled sibling file, for worker threads and child processes.
 * Tests run from the sources, whose workers exist only compiled: `src/` becomes `dist/`.
 *
 * @param from `import.meta.url` of the caller
 * @param file relative path of the compiled file, e.g. `./render.worker.js`
 */
export function builtFile(from: string, file: string): string {
  return fileURLToPath(new URL(file, from)).replace(/([\\/])src([\\/])(?!.*[\\/]src[\\/])/, '$1dist$2');
}
