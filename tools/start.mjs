// npm start: sets the checkout up, then runs the platform until Ctrl-C.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './setup.mjs';

setUp();
await import(pathToFileURL(path.join(root, 'apps', 'standalone', 'dist', 'main.js')).href);
