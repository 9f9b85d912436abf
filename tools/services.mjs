// npm run services: RabbitMQ, PostgreSQL 15, Redis and Ceph's S3 on free ports of 127.0.0.1, to try start:services
// against. Ctrl-C stops them; their data, in a temporary folder, go with them, and the file with their URLs.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { installServers } from './install-servers.mjs';
import { setUpOnly } from './setup.mjs';

const help = `npm run services [-- --write FILE]
  --write FILE   puts the servers' URLs into FILE, e.g. .env, for npm run start:services, as long as they run`;
const header = '# Written by npm run services: holds as long as that runs.';

const { values } = parseArgs({ options: { write: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } } });
if (values.help) {
  console.log(help);
  process.exit(0);
}
if (values.write !== undefined && existsSync(values.write) && !readFileSync(values.write, 'utf8').startsWith(header)) {
  console.error(`✗ ${values.write} is yours: it stays as it is. Name another file, or leave --write away and copy the lines that are printed then`);
  process.exit(1);
}

setUpOnly('libs/shared/servers');
const problem = installServers();
if (problem) {
  console.error(`✗ ${problem}`);
  process.exit(1);
}
console.log('· Starting RabbitMQ, PostgreSQL 15, Redis and Ceph');
// Left behind, the file would send the next `npm start` to servers that are gone.
let lines;
function takeBack() {
  if (values.write !== undefined && existsSync(values.write) && readFileSync(values.write, 'utf8') === lines) {
    rmSync(values.write);
  }
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, takeBack); // before @repo/servers, whose own listener ends this process
}
const { AllServers } = await import('@repo/servers'); // built only now
const { environment } = await AllServers.start();
lines = [header, ...Object.entries(environment).map(([name, url]) => `${name}=${url}`), ''].join('\n');
if (values.write !== undefined) {
  writeFileSync(values.write, lines, { mode: 0o600 });
}
console.log(`\n${lines}\nRunning${values.write === undefined ? '' : `; written to ${values.write}`}. Ctrl-C stops them and removes their data${values.write === undefined ? '' : ' and the file'}.`);
setInterval(() => {}, 1 << 30); // the servers don't keep this process alive
