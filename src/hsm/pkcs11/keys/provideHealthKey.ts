import type { Pkcs11Logger } from '../serving/lossLog.ts';
import type { OpenToken } from '../token/openToken.ts';
import { Pkcs11Administration } from './pkcs11Administration.ts';
import { Pkcs11Failure } from '../pkcs11Failure.ts';

export interface HealthKey {
  /** The key manager's name. */
  readonly name: string;
  /** Its CKA_LABEL. */
  readonly label: string;
}

/**
 * Makes the key of the deep health check if the token has none. A failure is only logged, since the check will then fail by
 * itself. Spec, "GetHealthStatus": the proxy "SHOULD create test keys in the external key manager".
 */
export async function provideHealthKey(
  opened: OpenToken,
  { name, label }: HealthKey,
  logger: Pkcs11Logger,
): Promise<void> {
  try {
    const administration = new Pkcs11Administration(opened);
    const created = await administration.createKeyIfAbsent({ label, usages: ['ENCRYPT', 'DECRYPT'] });
    if (created) logger.info({ keyManager: name, label }, 'created the health key');
  } catch (error) {
    if (!(error instanceof Pkcs11Failure)) throw error;
    logger.error({ keyManager: name, label }, `cannot create the health key: ${error.message}`);
  }
}
