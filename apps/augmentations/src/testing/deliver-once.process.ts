import 'reflect-metadata';
import { ImageProcessPool } from '@repo/augmentation-data-access';
import type { Envelope } from '@repo/contracts';
import { armCrashPoint } from '@repo/kernel';
import { WorkerUnderTest, type WorkerPlace } from './worker-under-test.js';

const { crashAt, envelope, ...place } = JSON.parse(process.argv[2]!) as WorkerPlace & { crashAt: string; envelope: Envelope };
armCrashPoint(crashAt);
const worker = await WorkerUnderTest.open(place, (options) => new ImageProcessPool({ ...options, crashAt }));
try {
  await worker.deliver(envelope);
  process.exit(0);
} catch {
  process.exit(1); // the image process died, and this one has noted it
}
