import { randomBytes } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { describe, expect, it } from 'vitest';
import { exceptionOfCli, kmsException } from '../support/kmsException.ts';
import { startKeyStore } from '../support/localKmsConnection.ts';
import { newFiles, reconfigure, startProxy, stop, withFirstStore } from '../support/reconfigurableProxy.ts';

const { CKA_DECRYPT, CKA_ENCRYPT, CKA_SIGN, CKA_UNWRAP, CKA_VERIFY, CKA_WRAP } = pkcs11js;
/** Usages that SoftHSM permits by default. */
const NOT_FOR_DATA = [CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP];

/** Attributes of a key without this usage. */
function without(...usages: readonly number[]): pkcs11js.Template {
  return usages.map((type) => ({ type, value: false }));
}

describe('CreateKey', () => {
  it('refuses an unsuitable external key', async () => {
    const files = newFiles();
    const { softHsm } = files;
    softHsm.importKey('small', randomBytes(16));
    softHsm.importKey('encrypts', randomBytes(32), without(CKA_DECRYPT, ...NOT_FOR_DATA));
    softHsm.importKey('decrypts', randomBytes(32), without(CKA_ENCRYPT, ...NOT_FOR_DATA));
    const unsuitable = ['small', 'encrypts', 'decrypts'].map((id) => ({ id }));
    files.writeConfig(withFirstStore(files, ({ keys }) => ({ keys: [...keys, ...unsuitable] })));
    const { kms, store } = await startKeyStore(await startProxy(files));
    await store.connect();
    await store.createKey();
    const refusals = {
      nowhere: kmsException(
        'XksKeyNotFoundException',
        'The external key associated with this KMS key in an external key store was not found in its external key manager.',
      ),
      blocked: kmsException(
        'XksKeyInvalidConfigurationException',
        'The external key associated with this KMS key in an external key store is not enabled in the external key manager.',
      ),
      small: kmsException(
        'XksKeyInvalidConfigurationException',
        'The key spec of the external key must be AES_256. The key spec of specified external key is AES_128.',
      ),
      encrypts: kmsException(
        'XksKeyInvalidConfigurationException',
        'The key usage of the external key must include ENCRYPT and DECRYPT. The key use of specified external key is ENCRYPT.',
      ),
      decrypts: kmsException(
        'XksKeyInvalidConfigurationException',
        'The key usage of the external key must include ENCRYPT and DECRYPT. The key use of specified external key is DECRYPT.',
      ),
      foo: kmsException(
        'XksKeyAlreadyInUseException',
        'The external key foo is in use: this external key store already has a KMS key for it.',
      ),
    };
    for (const [xksKeyId, refusal] of Object.entries(refusals)) {
      await expect(store.createKey(xksKeyId)).rejects.toMatchObject(refusal);
    }
    const inStore = ['--origin', 'EXTERNAL_KEY_STORE', '--custom-key-store-id', store.id];
    const { stderr } = await kms.aws('create-key', ...inStore, '--xks-key-id', 'nowhere');
    expect(exceptionOfCli(stderr)).toMatchObject({ ...refusals.nowhere, operation: 'CreateKey' });
  });

  it('CustomKeyStoreInvalidStateException: the proxy of a connected key store fails', async () => {
    const proxy = await startProxy();
    const { files, store } = await startKeyStore(proxy);
    await store.connect();
    await reconfigure(
      proxy,
      withFirstStore(files, ({ credentials }) => ({ credentials: credentials.slice(1) })),
    );
    await expect(store.createKey()).rejects.toMatchObject(
      kmsException(
        'CustomKeyStoreInvalidStateException',
        'The external key store proxy rejected the request because it could not authenticate AWS KMS.',
      ),
    );
    await stop(proxy);
    await expect(store.createKey()).rejects.toMatchObject(
      kmsException(
        'CustomKeyStoreInvalidStateException',
        'AWS KMS cannot communicate with the external key store proxy.',
      ),
    );
    expect(await store.describe()).toMatchObject({ ConnectionState: 'CONNECTED' });
  });
});
