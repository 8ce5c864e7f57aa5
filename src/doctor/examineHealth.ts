import type { KeyManager } from '../hsm/keyManager.ts';
import { XksError } from '../xks/errors.ts';
import { failure, ok, warning } from './context.ts';
import type { Finding } from '../finding.ts';

// Spec, "Timeouts": KMS gives up on an answer after this time.
const KMS_MS = 250;
// The first try is slower, because it opens a session and finds the key.
const TRIES = 3;

/** An encrypt and a decrypt with the health key, and their time. Makes no health key, as `serve` would. `configFile` is for advice. */
export async function* examineHealth(
  check: string,
  manager: KeyManager,
  label: string,
  configFile: string,
): AsyncGenerator<Finding> {
  try {
    const { keySpec, keyUsage } = await manager.describeKey({ label });
    if (keySpec !== 'AES_256' || !keyUsage.includes('ENCRYPT') || !keyUsage.includes('DECRYPT')) {
      const found = `${keySpec}, for ${keyUsage.join(', ') || 'nothing'}`;
      const create = `xks-proxy key create LABEL --key-manager ${manager.name} --config ${configFile}`;
      const message = `the health key ${label} must be AES_256, for ENCRYPT and DECRYPT, but is ${found}`;
      yield failure(check, message, `name another one in healthKey; ${create} makes it`);
      return;
    }
    let bestMs = Infinity;
    for (let tried = 0; tried < TRIES; tried += 1) {
      const begin = performance.now();
      await manager.checkHealth();
      bestMs = Math.min(bestMs, performance.now() - begin);
    }
    const message = `an encrypt and a decrypt with the health key ${label} take ${bestMs.toFixed(1)} ms; KMS waits ${KMS_MS} ms`;
    if (bestMs < KMS_MS / 2) yield ok(check, message);
    else if (bestMs < KMS_MS) yield warning(check, message, 'look at the load of the HSM, and its network');
    else yield failure(check, message, 'look at the load of the HSM, and its network');
  } catch (error) {
    if (!(error instanceof XksError)) throw error;
    const { errorName, message, detail } = error;
    if (errorName === 'KeyNotFoundException') {
      const create = `xks-proxy key create ${label} --key-manager ${manager.name} --config ${configFile}`;
      const advice = `${create} makes it, and so does serve when it starts`;
      yield warning(check, `the token has no health key ${label}, so nothing was encrypted`, advice);
    } else {
      const advice = 'see healthKey, iv and gcmParameters of the key manager, and the log of the HSM';
      yield failure(check, `the health key ${label} does not work: ${detail ?? message}`, advice);
    }
  }
}
