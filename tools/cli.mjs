// npm run import, train, classify, sweep, demo and docs:messages: builds what they need, then runs apps/cli.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, root, setUp } from './setup.mjs';

const [command, ...args] = process.argv.slice(2);
const onlyAsksForHelp = args.includes('--help') || args.includes('-h');

// The demo runs the whole platform; the other commands need their own few packages, which are quick.
if (!existsSync(path.join(root, 'node_modules')) || (command === 'demo' && !onlyAsksForHelp)) {
  setUp();
} else {
  const problem = build('apps/cli');
  if (problem) {
    console.error(`✗ ${problem}`);
    process.exit(1);
  }
}
await import(pathToFileURL(path.join(root, 'apps', 'cli', 'dist', 'main.js')).href);
