import { parentPort, workerData } from 'node:worker_threads';
import { serveModule } from './serveModule.ts';
import type { ThreadData } from './threadCalls.ts';

if (parentPort) serveModule(parentPort, workerData as ThreadData);
