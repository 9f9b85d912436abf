// npm run import, train, classify, demo, backbone and docs:messages: builds what they need, then runs apps/cli.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { train } from './backbone/train.mjs';
import { root, setUp, setUpOnly } from './setup.mjs';

const [command, ...args] = process.argv.slice(2);
if (command === 'backbone' && args[0] === 'train') {
  train(args.slice(1));
  process.exit();
}
const onlyAsksForHelp = args.includes('--help') || args.includes('-h');

// The demo runs the whole platform; the other commands need their own few packages.
if (command === 'demo' && !onlyAsksForHelp) {
  setUp();
} else {
  setUpOnly('apps/cli');
}
await import(pathToFileURL(path.join(root, 'apps', 'cli', 'dist', 'main.js')).href);
