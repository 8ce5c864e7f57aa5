import cluster from 'node:cluster';
import { existsSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Counter, Registry } from 'prom-client';
import { processChannel } from '../../src/messaging/processChannel.ts';
import { runWorker, type PreparableServing } from '../../src/server/workers/worker.ts';

// A worker process. Its argument is a folder, in which a file with the name of a script makes the worker follow that
// script.

export const SCRIPTS = ['abort at start', 'hang at start', 'refuse a PIN', 'hang at drain'] as const;

export const REFUSED_PIN = { token: { label: 'token', serial: '1' }, pin: 'wrong', message: 'The PIN was refused' };

// One metric, with the process id as its label.
const metrics = new Registry();
new Counter({ name: `pid_${process.pid}`, help: 'none', registers: [metrics] });

const folder = process.argv[2];
if (cluster.worker && folder !== undefined) await serve(cluster.worker.id, folder);

async function serve(worker: number, folder: string): Promise<void> {
  const does = (script: (typeof SCRIPTS)[number]) => existsSync(join(folder, script));
  const never = new Promise<never>(() => undefined);
  // Like in program.ts.
  process.prependOnceListener('disconnect', () => {
    process.kill(process.pid, 'SIGKILL');
  });
  await runWorker({ worker, channel: processChannel(process) }, async ({ refusedPins }, supervisor, handOver) => {
    writeFileSync(join(folder, `refused PINs of ${process.pid}`), JSON.stringify(refusedPins));
    if (does('abort at start')) process.abort();
    if (does('hang at start')) await never;
    if (does('refuse a PIN')) supervisor.tell('pinRefused', REFUSED_PIN);
    handOver((connection) => {
      connection.on('error', () => undefined).end(String(process.pid));
    });
    const serving: PreparableServing = {
      address: {} as AddressInfo,
      ended: never,
      apply: () => Promise.resolve(),
      prepare: () => Promise.resolve(),
      commit: () => undefined,
      discard: () => Promise.resolve(),
      note: () => undefined,
      drain: () => (does('hang at drain') ? never : Promise.resolve([])),
      readiness: () => ({ ready: true, problems: [] }),
      metrics: async () => [await metrics.getMetricsAsJSON()],
      processes: () => Promise.resolve([]),
    };
    return serving;
  });
}
