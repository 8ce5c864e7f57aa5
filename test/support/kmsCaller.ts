import { KMS, type ConnectionStateType, type KMSServiceException } from '@aws-sdk/client-kms';
import { expect, onTestFinished } from 'vitest';
import type { Credential } from '../../src/sigv4/credential.ts';
import { PREFIX } from './signedRequest.ts';
import type { RunningLocalKms } from './runningLocalKms.ts';
import type { ProxyFiles, RunningProxy } from './runningProxy.ts';

/** Options of a local KMS whose proxy is `https://localhost`. */
export function optionsFor({ port, files }: RunningProxy): readonly string[] {
  return ['--resolve', `localhost=127.0.0.1:${port}`, '--ca', files.caFile];
}

/** Input of CreateCustomKeyStore for a key store of a proxy. */
export function keyStoreInput({ accessKeyId, secretAccessKey }: Credential, prefix = PREFIX) {
  return {
    CustomKeyStoreName: `store of ${accessKeyId}`,
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConnectivity: 'PUBLIC_ENDPOINT',
    XksProxyUriEndpoint: 'https://localhost',
    XksProxyUriPath: `${prefix}/kms/xks/v1`,
    XksProxyAuthenticationCredential: { AccessKeyId: accessKeyId, RawSecretAccessKey: secretAccessKey.reveal() },
  } as const;
}

/** AWS's SDK with a local KMS until the test is finished, and helpers for tasks of several calls. */
export class KmsCaller extends KMS {
  constructor({ endpoint }: RunningLocalKms, accessKeyId = 'TEST') {
    const credentials = { accessKeyId, secretAccessKey: 'any' };
    super({ region: 'us-east-1', endpoint, credentials, maxAttempts: 1 });
    onTestFinished(() => {
      this.destroy();
    });
  }

  /** Creates a key store, and resolves to its id. By default it uses the proxy's first key store. */
  async createKeyStore(files: ProxyFiles, credential: Credential = files.credentials[0], prefix = PREFIX) {
    const { CustomKeyStoreId = '' } = await this.createCustomKeyStore(keyStoreInput(credential, prefix));
    return CustomKeyStoreId;
  }

  async createConnectedKeyStore(...store: Parameters<KmsCaller['createKeyStore']>) {
    const id = await this.createKeyStore(...store);
    await this.connect(id);
    return id;
  }

  /** Resolves when the key store is CONNECTED. */
  async connect(CustomKeyStoreId: string): Promise<void> {
    await this.connectCustomKeyStore({ CustomKeyStoreId });
    await this.reaches(CustomKeyStoreId, 'CONNECTED');
  }

  /** Resolves when the key store is DISCONNECTED. */
  async disconnect(CustomKeyStoreId: string): Promise<void> {
    await this.disconnectCustomKeyStore({ CustomKeyStoreId });
    await this.reaches(CustomKeyStoreId, 'DISCONNECTED');
  }

  async keyStore(CustomKeyStoreId: string) {
    const { CustomKeyStores: [store] = [] } = await this.describeCustomKeyStores({ CustomKeyStoreId });
    if (!store) throw new Error(`DescribeCustomKeyStores does not tell of ${CustomKeyStoreId}`);
    return store;
  }

  async reaches(customKeyStoreId: string, state: ConnectionStateType): Promise<void> {
    const stateNow = async () => (await this.keyStore(customKeyStoreId)).ConnectionState;
    await expect.poll(stateNow).toBe(state);
  }

  /** Creates a KMS key, and resolves to its ARN. */
  async createKeyOver(XksKeyId: string, CustomKeyStoreId: string): Promise<string> {
    const { KeyMetadata } = await this.createKey({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId, XksKeyId });
    return KeyMetadata?.Arn ?? '';
  }

  async keyState(KeyId: string) {
    return (await this.describeKey({ KeyId })).KeyMetadata?.KeyState;
  }

  async encryptText(KeyId: string, text: string): Promise<Uint8Array> {
    const { CiphertextBlob = new Uint8Array() } = await this.encrypt({ KeyId, Plaintext: Buffer.from(text) });
    return CiphertextBlob;
  }

  async decryptText(CiphertextBlob: Uint8Array): Promise<string> {
    const { Plaintext = new Uint8Array() } = await this.decrypt({ CiphertextBlob });
    return Buffer.from(Plaintext).toString();
  }
}

type ExceptionClass = new (...args: never[]) => KMSServiceException;

/** The message of the SDK's exception, which must have this class and name. */
export async function refusal(
  call: Promise<unknown>,
  exception: ExceptionClass,
  name = exception.name,
): Promise<string> {
  const error: unknown = await call.then(
    () => new Error('The call has succeeded'),
    (rejection: unknown) => rejection,
  );
  if (!(error instanceof exception) || error.name !== name) throw new Error(`Not ${name}`, { cause: error });
  return error.message;
}
