import type { Config } from '../config/schema/schema.ts';
import type { ModuleRegistry } from '../hsm/pkcs11/module/moduleRegistry.ts';
import { Pkcs11Failure } from '../hsm/pkcs11/pkcs11Failure.ts';
import { ServingKeyManager } from '../hsm/pkcs11/serving/servingKeyManager.ts';
import { Token } from '../hsm/pkcs11/token/token.ts';
import type { ModuleHandle } from '../hsm/pkcs11/module/moduleHandle.ts';
import type { PinDanger } from '../hsm/pkcs11/cryptoki/cryptoki.ts';
import { failure, ok, warning } from './context.ts';
import { examineHealth } from './examineHealth.ts';
import { examineKeys, type KeyCheckValue } from './examineKeys.ts';
import { examineToken } from './examineToken.ts';
import type { Finding } from '../finding.ts';

// Long, so that doctor measures a slow HSM instead of giving up on it.
const CALL_MS = 10_000;
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface ExamineOptions {
  readonly modules: ModuleRegistry;
  /** Tokens that have refused a login, by their serial numbers. */
  readonly refused: Set<string>;
  /** Processes that `serve` would have. */
  readonly processes: number;
  /** Name of the configuration file, for advice. */
  readonly configFile: string;
  readonly noteCheckValue: (found: KeyCheckValue) => void;
}

/** Checks module, token, login, mechanism, keys, health and sessions of a key manager. Its PKCS#11 calls block the process. */
export async function* examineKeyManager(
  config: Config,
  name: string,
  { modules, refused, processes, configFile, noteCheckValue }: ExamineOptions,
): AsyncGenerator<Finding> {
  const check = `key manager ${name}`;
  const options = config.keyManagers.find((manager) => manager.name === name)?.pkcs11;
  if (!options) throw new Error('the configuration has no such key manager');
  let module: ModuleHandle | undefined;
  let token: Token | undefined;
  try {
    module = await modules.open(options.module, options.initializeParameters);
    yield ok(check, `the module ${options.module} loads`);
    token = new Token(module.cryptoki, options.token, options.pin, module.refusedPins);
    const { label, serial, slot, pinDanger } = token.info;
    yield ok(check, `token "${label}" (serial ${serial}, slot ${slot})`);
    token.requireAesGcm();
    yield ok(check, 'the token has AES-GCM');
    if (refused.has(serial)) {
      yield failure(
        check,
        'no login was tried: this token has just refused another PIN, and may lock the user after further wrong PINs',
        'correct the other PIN first',
      );
      return;
    }
    if (pinDanger !== undefined) {
      yield describeDanger(check, pinDanger);
      return;
    }
    refused.add(serial);
    token.login();
    refused.delete(serial);
    yield ok(check, 'the login works');
    const opened = { module, token, close: () => undefined };
    const asServed = { ...options, name, timeoutMs: CALL_MS, checkValues: true };
    const manager = new ServingKeyManager(asServed, opened, { logger: QUIET, clock: () => performance.now() });
    yield* examineToken(check, opened, config, name, processes);
    yield* examineHealth(check, manager, options.healthKey, configFile);
    yield* examineKeys(config, manager, { configFile, noteCheckValue });
    await manager.close();
  } catch (error) {
    if (!(error instanceof Pkcs11Failure)) throw error;
    yield failure(check, error.message, `correct keyManagers (${name}), or the HSM, and run doctor again`);
  } finally {
    token?.close();
    module?.release();
  }
}

function describeDanger(check: string, danger: PinDanger): Finding {
  if (danger === 'locked') {
    return failure(
      check,
      'the user PIN is locked (CKF_USER_PIN_LOCKED)',
      'have the security officer of the token unlock it',
    );
  }
  const flag = danger === 'final try' ? 'CKF_USER_PIN_FINAL_TRY' : 'CKF_USER_PIN_COUNT_LOW';
  const message = `no login was tried, and no key was checked: wrong PINs were tried before, and the next wrong one may lock the user (${flag})`;
  return warning(check, message, "log in with the right PIN once, with the vendor's tools, and run doctor again");
}
