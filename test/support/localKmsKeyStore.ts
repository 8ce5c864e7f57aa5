import {
  ConnectCustomKeyStoreCommand,
  CreateCustomKeyStoreCommand,
  CreateKeyCommand,
  DescribeCustomKeyStoresCommand,
  DisconnectCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
  type CustomKeyStoresListEntry,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { vi } from 'vitest';
import type { Credential } from '../../src/sigv4/credential.ts';
import { PREFIX } from './signedRequest.ts';
import type { RunningLocalKms } from './runningLocalKms.ts';

/** Input of CreateCustomKeyStore for a proxy, the one at `https://localhost` unless `members` differ. */
export function keyStoreMembers(
  { accessKeyId, secretAccessKey }: Credential,
  members: Partial<CreateCustomKeyStoreCommandInput> = {},
): CreateCustomKeyStoreCommandInput {
  return {
    CustomKeyStoreName: 'Example',
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConnectivity: 'PUBLIC_ENDPOINT',
    XksProxyUriEndpoint: 'https://localhost',
    XksProxyUriPath: `${PREFIX}/kms/xks/v1`,
    XksProxyAuthenticationCredential: { AccessKeyId: accessKeyId, RawSecretAccessKey: secretAccessKey.reveal() },
    ...members,
  };
}

/** An external key store of a running local KMS. */
export class LocalKmsKeyStore {
  readonly kms: RunningLocalKms;
  readonly id: string;
  readonly client: KMSClient;

  /** A key store that `kms` has already. `create` makes one. */
  constructor(kms: RunningLocalKms, id: string) {
    this.kms = kms;
    this.id = id;
    this.client = kms.client();
  }

  static async create(kms: RunningLocalKms, members: CreateCustomKeyStoreCommandInput): Promise<LocalKmsKeyStore> {
    const { CustomKeyStoreId = '' } = await kms.client().send(new CreateCustomKeyStoreCommand(members));
    return new LocalKmsKeyStore(kms, CustomKeyStoreId);
  }

  /** Connects the key store. Resolves to its final state, CONNECTED or FAILED. */
  async connect(): Promise<CustomKeyStoresListEntry> {
    await this.client.send(new ConnectCustomKeyStoreCommand({ CustomKeyStoreId: this.id }));
    return this.settled();
  }

  /** Disconnects the key store. Resolves to its final state, DISCONNECTED. */
  async disconnect(): Promise<CustomKeyStoresListEntry> {
    await this.client.send(new DisconnectCustomKeyStoreCommand({ CustomKeyStoreId: this.id }));
    return this.settled();
  }

  async describe(): Promise<CustomKeyStoresListEntry> {
    const { CustomKeyStores = [] } = await this.client.send(
      new DescribeCustomKeyStoresCommand({ CustomKeyStoreId: this.id }),
    );
    return CustomKeyStores[0] ?? {};
  }

  /** Makes a KMS key from an external key, and resolves to its id. */
  async createKey(xksKeyId = 'foo'): Promise<string> {
    const { KeyMetadata } = await this.client.send(
      new CreateKeyCommand({ Origin: 'EXTERNAL_KEY_STORE', CustomKeyStoreId: this.id, XksKeyId: xksKeyId }),
    );
    return KeyMetadata?.KeyId ?? '';
  }

  /** Waits while the key store is CONNECTING or DISCONNECTING. */
  settled(): Promise<CustomKeyStoresListEntry> {
    const describe = async (): Promise<CustomKeyStoresListEntry> => {
      const store = await this.describe();
      if (store.ConnectionState?.endsWith('ING')) throw new Error(`It is still ${store.ConnectionState}.`);
      return store;
    };
    return vi.waitFor(describe, { timeout: 60_000, interval: 25 });
  }
}
