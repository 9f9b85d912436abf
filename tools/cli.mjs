// npm run import, train, classify, demo and docs:messages: builds what they need, then runs apps/cli.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp, setUpOnly } from './setup.mjs';

const [command, ...args] = process.argv.slice(2);
const onlyAsksForHelp = args.includes('--help') || args.includes('-h');

// The demo runs the whole platform; the other commands need their own few packages.
if (command === 'demo' && !onlyAsksForHelp) {
  setUp();
} else {
  setUpOnly('apps/cli');
}
await import(pathToFileURL(path.join(root, 'apps', 'cli', 'dist', 'main.js')).href);
