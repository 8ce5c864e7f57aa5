import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadData } from './messages.ts';
import { serveModule } from './serveModule.ts';

if (parentPort) serveModule(parentPort, workerData as ThreadData);
