import { expect, it } from 'vitest';
import { startKeyStore } from '../support/localKmsConnection.ts';
import type { LocalKmsKeyStore } from '../support/localKmsKeyStore.ts';
import { newFiles, startProxy, withFirstStore } from '../support/reconfigurableProxy.ts';
import { GOOD_SERVICE } from '../support/vpcEndpointServices.ts';
import { startVpcKeyStore } from '../support/vpcKeyStore.ts';

// AWS KMS Developer Guide, "Connecting and disconnecting an external key store" and "View an external key store": the
// commands, and the parts of their output that are the same for every key store.

const SERVICE = {
  ...GOOD_SERVICE,
  serviceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-example',
  privateDnsName: 'example-proxy-uri-endpoint-vpc',
};
const UriPath = '/example/prefix/kms/xks/v1';
const CreationDate = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?[+-]\d\d:\d\d$/) as string;

function filesOfExample() {
  const files = newFiles();
  files.writeConfig(withFirstStore(files, () => ({ uriPathPrefix: '/example/prefix' })));
  return files;
}

/** Runs a command that prints no output. */
async function run({ kms, id }: LocalKmsKeyStore, command: string): Promise<void> {
  expect(await kms.aws(command, '--custom-key-store-id', id)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
}

/** The single key store in the AWS CLI's output. */
async function describeStores({ kms }: LocalKmsKeyStore, ...args: readonly string[]): Promise<Described> {
  const { exitCode, stdout, stderr } = await kms.aws('describe-custom-key-stores', ...args);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const { CustomKeyStores, ...rest } = JSON.parse(stdout) as { CustomKeyStores: readonly Described[] };
  expect(rest).toEqual({});
  const [store, ...others] = CustomKeyStores;
  if (!store || others.length > 0) throw new Error(`There is not one key store:\n${stdout}`);
  return store;
}

interface Described {
  readonly XksProxyConfiguration: Readonly<Record<string, string>>;
}

it('a key store with a VPC endpoint service: connect, disconnect, and fail to connect', async () => {
  const { files, store, offer, restart } = await startVpcKeyStore({
    files: filesOfExample(),
    service: SERVICE,
    members: { CustomKeyStoreName: 'ExampleXksVpc', XksProxyUriPath: UriPath },
  });
  const describe = async (of = store) => {
    const { XksProxyConfiguration, ...rest } = await describeStores(of, '--custom-key-store-name', 'ExampleXksVpc');
    // Newer than the examples, and than some versions of the AWS CLI.
    const { VpcEndpointServiceOwner = '111122223333', ...configuration } = XksProxyConfiguration;
    expect(VpcEndpointServiceOwner).toBe('111122223333');
    return { ...rest, XksProxyConfiguration: configuration };
  };
  const example = (state: object) => ({
    CustomKeyStoreId: store.id,
    CustomKeyStoreName: 'ExampleXksVpc',
    ...state,
    CreationDate,
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConfiguration: {
      AccessKeyId: files.credentials[0].accessKeyId,
      Connectivity: 'VPC_ENDPOINT_SERVICE',
      UriEndpoint: 'https://example-proxy-uri-endpoint-vpc',
      UriPath,
      VpcEndpointServiceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-example',
    },
  });

  await run(store, 'connect-custom-key-store');
  await store.settled();
  expect(await describe()).toEqual(example({ ConnectionState: 'CONNECTED' }));

  await run(store, 'disconnect-custom-key-store');
  await store.settled();
  expect(await describe()).toEqual(example({ ConnectionState: 'DISCONNECTED' }));

  offer();
  const after = await restart(store);
  await run(after, 'connect-custom-key-store');
  await after.settled();
  expect(await describe(after)).toEqual(
    example({ ConnectionState: 'FAILED', ConnectionErrorCode: 'XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND' }),
  );
});

it('a key store with a public endpoint: connect and disconnect', async () => {
  const { files, store } = await startKeyStore(await startProxy(filesOfExample()), [], {
    CustomKeyStoreName: 'ExampleXksPublic',
    XksProxyUriPath: UriPath,
  });
  const example = (state: object) => ({
    CustomKeyStoreId: store.id,
    CustomKeyStoreName: 'ExampleXksPublic',
    ...state,
    CreationDate,
    CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
    XksProxyConfiguration: {
      AccessKeyId: files.credentials[0].accessKeyId,
      Connectivity: 'PUBLIC_ENDPOINT',
      UriEndpoint: 'https://localhost',
      UriPath,
    },
  });

  await run(store, 'connect-custom-key-store');
  await store.settled();
  expect(await describeStores(store)).toEqual(example({ ConnectionState: 'CONNECTED' }));

  await run(store, 'disconnect-custom-key-store');
  await store.settled();
  expect(await describeStores(store, '--custom-key-store-name', 'ExampleXksPublic')).toEqual(
    example({ ConnectionState: 'DISCONNECTED' }),
  );
});
