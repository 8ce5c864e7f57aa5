import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { RequestAccess } from '../../src/kms/access/requestAccess.ts';
import { KeyUsage } from '../../src/kms/events/keyUsage.ts';
import type { LocalKms } from '../../src/kms/localKms.ts';
import { createKey } from '../../src/kms/operations/keys/createKey.ts';
import { defaultKeyPolicy } from '../../src/kms/operations/keys/keyPolicy.ts';
import { OPERATIONS } from '../../src/kms/operations/operations.ts';
import type { KmsRequest, Operation, Output } from '../../src/kms/operations/operation.ts';
import type { Cluster } from '../../src/kms/state/clusterRecords.ts';
import { openDatabase } from '../../src/kms/state/database.ts';
import { KmsState } from '../../src/kms/state/kmsState.ts';
import type {
  AwsKmsKey,
  CloudHsmKey,
  CloudHsmKeyStore,
  ConnectionState,
  ExternalKey,
  ExternalKeyStore,
} from '../../src/kms/state/records.ts';
import { Secret } from '../../src/secret.ts';
import { newActiveCluster, newActiveHsm } from './clusterRecords.ts';
import { InMemoryKmsUser } from './inMemoryKmsUser.ts';
import { InMemoryXksProxy } from './inMemoryXksProxy.ts';

/** A local KMS with its state and its proxy in memory. Time stands still unless a test advances it. */
export class LocalKmsUnderTest implements LocalKms {
  readonly identity = { region: 'us-east-1', accountId: '111122223333' };
  readonly state = new KmsState(openDatabase(':memory:'));
  readonly xksProxy = new InMemoryXksProxy().addKey('foo').addKey('bar');
  vpcEndpointServices: LocalKms['vpcEndpointServices'] = [];
  subnets: LocalKms['subnets'] = [];
  securityGroups: LocalKms['securityGroups'] = [];
  readonly kmsUser = new InMemoryKmsUser();
  dayMs = 86_400_000;
  evaluatePolicies = false;
  now = Date.UTC(2026, 0, 1);
  /** Key stores for which the quota was requested. The quota of those in `throttled` is used up. */
  readonly taken: string[] = [];
  /** Fields that operations have noted for their events. */
  readonly noted: Readonly<Record<string, string>>[] = [];
  /** ARNs of the resources of events. */
  readonly resources: string[] = [];
  readonly clock = (): number => this.now;
  readonly keysInCreation = new Set<string>();
  readonly keyUsage = new KeyUsage(this.clock);
  /** A connector that stores the state and does nothing else. */
  clusters: LocalKms['clusters'] = {
    putCluster: (cluster) => {
      this.state.clusters.put(cluster);
    },
    putHsm: (hsm) => {
      this.state.hsms.put(hsm);
    },
    putBackup: (backup) => {
      this.state.backups.put(backup);
    },
    problemOf: () => undefined,
    deleteDueBackups: () => undefined,
  };
  /** A keeper that does nothing. */
  connector: LocalKms['connector'] = { connect: () => undefined, disconnect: () => undefined };
  quota: LocalKms['quota'] = {
    take: (id) => {
      this.taken.push(id);
    },
  };

  /** Runs an operation with its input as Alice. */
  call(operation: Operation, input: unknown, caller: Partial<KmsRequest['caller']> = {}): Promise<Output> {
    const alice = { awsPrincipalArn: 'arn:aws:iam::111122223333:user/Alice', ...caller };
    const [name = ''] = Object.entries(OPERATIONS).find(([, each]) => each === operation) ?? [];
    const asked = { operation: name, caller: alice, sourceIpAddress: '192.0.2.1', input: undefined as unknown };
    return operation(this, input, {
      requestId: randomUUID(),
      caller: alice,
      note: (data) => this.noted.push(data),
      noteResource: (arn) => this.resources.push(arn),
      noteInput: (checked) => {
        asked.input = checked;
      },
      access: new RequestAccess(this, asked),
    });
  }

  addKeyStore(
    changes: Partial<ExternalKeyStore> = {},
    connectionState: ConnectionState = 'CONNECTED',
  ): ExternalKeyStore {
    const common = this.#newStore(connectionState);
    const store: ExternalKeyStore = {
      ...common,
      customKeyStoreType: 'EXTERNAL_KEY_STORE',
      proxy: {
        connectivity: 'PUBLIC_ENDPOINT',
        uriEndpoint: 'https://xks.example.com',
        uriPath: `/${common.customKeyStoreId}/kms/xks/v1`,
        vpcEndpointServiceName: undefined,
        vpcEndpointServiceOwner: undefined,
        accessKeyId: 'ABCDEFGHIJKLMNOPQRST',
        rawSecretAccessKey: new Secret(randomBytes(36).toString('base64')),
      },
      credentialDate: this.now,
      ...changes,
    };
    this.state.customKeyStores.put(store);
    return store;
  }

  addKey(customKeyStoreId: string, changes: Partial<ExternalKey> = {}): ExternalKey {
    const key: ExternalKey = {
      ...this.#newKey(),
      origin: 'EXTERNAL_KEY_STORE',
      customKeyStoreId,
      xksKeyId: 'foo',
      keyMaterial: createSecretKey(randomBytes(32)),
      ...changes,
    };
    this.state.keys.insert(key);
    return key;
  }

  /** Makes a cluster with an HSM in each of two zones, and a key store that uses it. */
  addCloudHsmKeyStore(
    changes: Partial<CloudHsmKeyStore> = {},
    connectionState: ConnectionState = 'CONNECTED',
  ): CloudHsmKeyStore {
    const { clusterId, trustAnchor = '' } = this.addCluster();
    const store: CloudHsmKeyStore = {
      ...this.#newStore(connectionState),
      customKeyStoreType: 'AWS_CLOUDHSM',
      cloudHsmClusterId: clusterId,
      trustAnchorCertificate: trustAnchor,
      keyStorePassword: new Secret('kmsuserPassword1'),
      nextKeyStorePassword: undefined,
      ...changes,
    };
    this.state.customKeyStores.put(store);
    return store;
  }

  addCluster(changes: Partial<Cluster> = {}): Cluster {
    const cluster = { ...newActiveCluster(), ...changes };
    this.state.clusters.put(cluster);
    for (const [availabilityZone, subnetId] of Object.entries(cluster.subnetMapping)) {
      this.state.hsms.put(newActiveHsm(cluster, availabilityZone, subnetId));
    }
    return cluster;
  }

  /** Makes a key whose key material is in the memory of `kmsUser`. */
  addClusterKey(customKeyStoreId: string, changes: Partial<CloudHsmKey> = {}): CloudHsmKey {
    const key: CloudHsmKey = {
      ...this.#newKey(),
      origin: 'AWS_CLOUDHSM',
      customKeyStoreId,
      backingKeyId: this.kmsUser.makeKey(),
      isMaterialMissing: false,
      ...changes,
    };
    this.state.keys.insert(key);
    return key;
  }

  /** Makes a key with Origin AWS_KMS. */
  async addAwsKmsKey(): Promise<AwsKmsKey> {
    const output = await this.call(createKey, {});
    const key = this.state.keys.find((output?.['KeyMetadata'] as { readonly KeyId: string }).KeyId);
    if (key?.origin !== 'AWS_KMS') throw new Error('there is no key');
    return key;
  }

  #newStore(connectionState: ConnectionState) {
    const id = randomBytes(9).toString('hex').slice(1);
    return {
      customKeyStoreId: `cks-${id}`,
      customKeyStoreName: `store ${id}`,
      creationDate: this.now,
      connectionState,
      connectionErrorCode: undefined,
    };
  }

  #newKey() {
    return {
      keyId: randomUUID(),
      creationDate: this.now,
      description: '',
      state: 'Enabled' as const,
      deletionDate: undefined,
      tags: [],
      policy: defaultKeyPolicy(this.identity.accountId),
    };
  }
}
