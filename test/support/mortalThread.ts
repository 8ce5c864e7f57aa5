import { parentPort } from 'node:worker_threads';
import '../../src/hsm/pkcs11/thread/moduleThreadEntry.ts';

/** A module thread that dies when a caller asks it for the key `die`. */
parentPort?.on('message', ({ argument }: { argument?: { args?: readonly unknown[] } }) => {
  const [key] = argument?.args ?? [];
  if (typeof key === 'object' && key && 'label' in key && key.label === 'die') {
    throw new TypeError('what must not be shown');
  }
});
