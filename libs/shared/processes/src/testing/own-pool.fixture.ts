import { builtFile } from '@repo/kernel';
import { ProcessPool } from '../process-pool.js';

// A parent for the specs: tells its worker's process id, and has it busy until it is killed.
const workerFile = builtFile(import.meta.url, './obey.fixture.js');
const pool = new ProcessPool<string, { pid: number }>({ purpose: 'obey', workerFile, processes: 1, deadlineMs: 60_000, idleMs: 60_000 });
const { answer } = await pool.work(Buffer.alloc(0), 'echo');
process.send?.(answer.pid);
await pool.work(Buffer.alloc(0), 'hang');
