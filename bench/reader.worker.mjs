/** A reader of its own thread, so that the uploads beside it don't count in its times. Lists until it is told to stop, then answers the milliseconds of each listing. */
import { parentPort, workerData } from 'node:worker_threads';
import { setTimeout as sleep } from 'node:timers/promises';

const { url, token } = workerData;
const readings = [];
let isDone = false;
parentPort.once('message', () => (isDone = true));

while (!isDone) {
  const startedAt = performance.now();
  const answer = await fetch(`${url}/api/Items?limit=50`, { headers: { Authorization: `Bearer ${token}` } });
  if (!answer.ok) {
    throw new Error(`GET /api/Items answered ${answer.status}`);
  }
  await answer.text();
  readings.push(performance.now() - startedAt);
  await sleep(50);
}
parentPort.postMessage(readings);
