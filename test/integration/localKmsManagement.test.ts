import { join } from 'node:path';
import {
  CreateCustomKeyStoreCommand,
  DeleteCustomKeyStoreCommand,
  DescribeCustomKeyStoresCommand,
  UpdateCustomKeyStoreCommand,
  type CreateCustomKeyStoreCommandInput,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Credential } from '../../src/sigv4/credential.ts';
import { newCredential } from '../../src/sigv4/newCredential.ts';
import { kmsException } from '../support/kmsException.ts';
import { startKms } from '../support/localKmsConnection.ts';
import { keyStoreMembers, LocalKmsKeyStore } from '../support/localKmsKeyStore.ts';
import { OTHER_PREFIX, PREFIX } from '../support/signedRequest.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { answerHealth } from '../support/scriptedProxy.ts';
import { httpAnswer, startScriptedServer, type Script } from '../support/scriptedTlsServer.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { GOOD_SERVICE } from '../support/vpcEndpointServices.ts';

type Members = Partial<CreateCustomKeyStoreCommandInput>;

const NO_ONE_LISTENS = 1;
/** More key stores than an account may have. */
const MANY = Array.from({ length: 11 }, (_, index) => ({ prefix: `/many-${index}`, credential: newCredential() }));

let proxy: RunningProxy;

beforeAll(async () => {
  const files = new ProxyFiles();
  const many = MANY.map(({ prefix, credential: { accessKeyId, secretAccessKey } }) => ({
    name: prefix.slice(1),
    uriPathPrefix: prefix,
    keyManagers: ['softhsm'],
    credentials: [{ accessKeyId, secretAccessKey: files.writeSecret(accessKeyId, secretAccessKey.reveal()) }],
    keys: [],
  }));
  files.writeConfig({ ...files.config, keyStores: [...files.config.keyStores, ...many] });
  proxy = await RunningProxy.start(files);
});
afterAll(() => proxy.dispose());

/** Members of a key store that uses the proxy's first one. */
async function startStore(options: readonly string[] = []): Promise<LocalKmsKeyStore> {
  return LocalKmsKeyStore.create(await startKms(proxy.port, options), keyStoreMembers(proxy.files.credentials[0]));
}

/** A file for --config. */
function withServices(...vpcEndpointServices: readonly object[]): string[] {
  return ['--config', join(temporaryFolder({ 'kms.yaml': stringify({ vpcEndpointServices }) }), 'kms.yaml')];
}

/** The address of a scripted proxy, for which its certificate is valid. */
async function scripted(script: Script): Promise<string[]> {
  const { port } = await startScriptedServer(script);
  return ['--resolve', `127.0.0.1=127.0.0.1:${port}`];
}

const SCRIPTED = { XksProxyUriEndpoint: 'https://127.0.0.1' };
const PRIVATE = {
  XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
  XksProxyUriEndpoint: 'https://private.xks.example.com',
  XksProxyVpcEndpointServiceName: GOOD_SERVICE.serviceName,
} as const;

interface Cause {
  readonly errorName: string;
  readonly what: string;
  readonly message: string;
  /** Additional options of the local KMS. */
  readonly options?: () => string[] | Promise<string[]>;
  /** The members with which the key store is created or updated. */
  readonly members: (credential: Credential) => Members;
}

const CAUSES: readonly Cause[] = [
  {
    errorName: 'XksProxyIncorrectAuthenticationCredentialException',
    what: 'the proxy has no such access key id',
    message: 'The external key store proxy rejected the request because it could not authenticate AWS KMS.',
    members: () => credentialMember(newCredential()),
  },
  {
    errorName: 'XksProxyIncorrectAuthenticationCredentialException',
    what: 'the proxy has another secret',
    message: 'The external key store proxy rejected the request because it could not authenticate AWS KMS.',
    members: ({ accessKeyId }) => credentialMember({ ...newCredential(), accessKeyId }),
  },
  {
    errorName: 'XksProxyInvalidConfigurationException',
    what: 'the proxy has no such path',
    message: 'The external key store proxy rejected the request because of an invalid URI path.',
    members: () => ({ XksProxyUriPath: '/nowhere/kms/xks/v1' }),
  },
  {
    errorName: 'XksProxyUriUnreachableException',
    what: 'nobody listens at the endpoint',
    message: 'AWS KMS cannot communicate with the external key store proxy.',
    options: () => ['--resolve', `down.example.com=127.0.0.1:${NO_ONE_LISTENS}`],
    members: () => ({ XksProxyUriEndpoint: 'https://down.example.com' }),
  },
  {
    errorName: 'XksProxyUriUnreachableException',
    what: 'the certificate of the proxy is for another name',
    message: 'AWS KMS cannot establish a TLS connection to the external key store proxy.',
    options: () => ['--resolve', `xks.example.com=127.0.0.1:${proxy.port}`],
    members: () => ({ XksProxyUriEndpoint: 'https://xks.example.com' }),
  },
  {
    errorName: 'XksProxyUriUnreachableException',
    what: 'the proxy does not answer',
    message: 'AWS KMS rejected the request because the external key store proxy did not respond in time.',
    options: async () => [...(await scripted(() => undefined)), '--answer-within-ms', '1000'],
    members: () => SCRIPTED,
  },
  {
    errorName: 'XksProxyUriUnreachableException',
    what: 'all external key managers are UNAVAILABLE',
    message: 'The external key store proxy is in an unhealthy state.',
    options: () => scripted(answerHealth('UNAVAILABLE')),
    members: () => SCRIPTED,
  },
  {
    errorName: 'XksProxyInvalidResponseException',
    what: 'what answers is no proxy',
    message: 'AWS KMS cannot interpret the response from the external key store proxy.',
    options: () => scripted((socket) => socket.write(httpAnswer({ message: 'Hello, world!' }))),
    members: () => SCRIPTED,
  },
  {
    errorName: 'XksProxyVpcEndpointServiceNotFoundException',
    what: 'there is no such VPC endpoint service',
    message: `AWS KMS cannot find the VPC endpoint service ${GOOD_SERVICE.serviceName}. There is no VPC endpoint service of that name.`,
    members: () => PRIVATE,
  },
  {
    errorName: 'XksProxyVpcEndpointServiceInvalidConfigurationException',
    what: 'the VPC endpoint service requires acceptance',
    message: `The VPC endpoint service ${GOOD_SERVICE.serviceName} does not fulfill the requirements for an external key store. It must not require acceptance of connection requests.`,
    options: () => withServices({ ...GOOD_SERVICE, acceptanceRequired: true }),
    members: () => PRIVATE,
  },
];

function credentialMember(credential: Credential): Members {
  const { XksProxyAuthenticationCredential } = keyStoreMembers(credential);
  return { XksProxyAuthenticationCredential };
}

describe('CreateCustomKeyStore makes nothing, and UpdateCustomKeyStore changes nothing', () => {
  it.each(CAUSES)('$errorName: $what', async ({ errorName, message, options = () => [], members }) => {
    const { credentials, otherCredential } = proxy.files;
    const store = await startStore(await options());
    const { client, id: CustomKeyStoreId } = store;
    const before = await store.describe();

    const candidate = keyStoreMembers(otherCredential, {
      CustomKeyStoreName: 'Other',
      XksProxyUriPath: `${OTHER_PREFIX}/kms/xks/v1`,
      ...members(otherCredential),
    });
    await expect(client.send(new CreateCustomKeyStoreCommand(candidate))).rejects.toMatchObject(
      kmsException(errorName, message),
    );
    const update = { CustomKeyStoreId, NewCustomKeyStoreName: 'Renamed', ...members(credentials[0]) };
    await expect(client.send(new UpdateCustomKeyStoreCommand(update))).rejects.toMatchObject(
      kmsException(errorName, message),
    );

    const { CustomKeyStores } = await client.send(new DescribeCustomKeyStoresCommand());
    expect(CustomKeyStores).toEqual([before]);
    expect(await store.connect()).toEqual({ ...before, ConnectionState: 'CONNECTED' });
  });
});

describe('CreateCustomKeyStore and UpdateCustomKeyStore', () => {
  it('let no two key stores share a name, a URI, a private endpoint or a VPC endpoint service', async () => {
    const named = { ...GOOD_SERVICE, serviceName: `${GOOD_SERVICE.serviceName}a`, privateDnsName: 'localhost' };
    const first = await startStore(withServices(GOOD_SERVICE, named));
    const { client, kms } = first;
    const { otherCredential } = proxy.files;
    const otherPath = { XksProxyUriPath: `${OTHER_PREFIX}/kms/xks/v1` };
    const second = await LocalKmsKeyStore.create(
      kms,
      keyStoreMembers(otherCredential, { CustomKeyStoreName: 'Private', ...otherPath, ...PRIVATE }),
    );
    const third = { CustomKeyStoreName: 'Third', ...otherPath };
    const refusals: [errorName: string, message: string, forThird: Members, forSecond: Members | undefined][] = [
      [
        'CustomKeyStoreNameInUseException',
        'The name Example is already assigned to another custom key store in the account.',
        { CustomKeyStoreName: 'Example' },
        undefined,
      ],
      [
        'XksProxyUriInUseException',
        `https://localhost${PREFIX}/kms/xks/v1 is already associated with another external key store in this Region.`,
        { XksProxyUriPath: `${PREFIX}/kms/xks/v1` },
        {
          XksProxyConnectivity: 'PUBLIC_ENDPOINT',
          XksProxyVpcEndpointServiceName: '',
          XksProxyUriEndpoint: 'https://localhost',
          XksProxyUriPath: `${PREFIX}/kms/xks/v1`,
        },
      ],
      [
        'XksProxyUriEndpointInUseException',
        'https://localhost is already associated with another external key store in this Region.',
        { XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE', XksProxyVpcEndpointServiceName: named.serviceName },
        { XksProxyUriEndpoint: 'https://localhost' },
      ],
      [
        'XksProxyVpcEndpointServiceInUseException',
        `${GOOD_SERVICE.serviceName} is already associated with another external key store in this Region.`,
        { ...PRIVATE, XksProxyUriEndpoint: 'https://another.xks.example.com' },
        undefined,
      ],
    ];
    for (const [errorName, message, forThird, forSecond] of refusals) {
      const create = new CreateCustomKeyStoreCommand(keyStoreMembers(otherCredential, { ...third, ...forThird }));
      await expect(client.send(create)).rejects.toMatchObject(kmsException(errorName, message));
      if (!forSecond) continue;
      const update = new UpdateCustomKeyStoreCommand({ CustomKeyStoreId: second.id, ...forSecond });
      await expect(client.send(update)).rejects.toMatchObject(kmsException(errorName, message));
    }
    const rename = { CustomKeyStoreId: second.id, NewCustomKeyStoreName: 'Example' };
    await expect(client.send(new UpdateCustomKeyStoreCommand(rename))).rejects.toMatchObject(
      kmsException('CustomKeyStoreNameInUseException', 'The name Example is already assigned'),
    );
    // Public key stores may share the endpoint.
    await client.send(new CreateCustomKeyStoreCommand(keyStoreMembers(otherCredential, third)));
  });

  it('LimitExceededException: ten key stores exist, until one is deleted', async () => {
    const kms = await startKms(proxy.port);
    const create = ({ prefix, credential }: (typeof MANY)[number]) =>
      LocalKmsKeyStore.create(
        kms,
        keyStoreMembers(credential, { CustomKeyStoreName: prefix, XksProxyUriPath: `${prefix}/kms/xks/v1` }),
      );
    const [one, ...others] = MANY;
    const last = others.pop();
    if (!one || !last) throw new Error('there are too few');
    const store = await create(one);
    for (const other of others) await create(other);
    await expect(create(last)).rejects.toMatchObject(
      kmsException(
        'LimitExceededException',
        'There are 10 custom key stores in the account and Region, which is the quota.',
      ),
    );
    await store.client.send(new DeleteCustomKeyStoreCommand({ CustomKeyStoreId: store.id }));
    expect(await (await create(last)).connect()).toMatchObject({ ConnectionState: 'CONNECTED' });
  });
});
