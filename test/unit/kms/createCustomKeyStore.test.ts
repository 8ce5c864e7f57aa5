import { describe, expect, it } from 'vitest';
import { createCustomKeyStore } from '../../../src/kms/operations/customKeyStores/createCustomKeyStore.ts';
import { XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';
import { GOOD_SERVICE, VPC_PROXY } from '../../support/vpcEndpointServices.ts';

const SECRET = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const PUBLIC = {
  CustomKeyStoreName: 'public',
  CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
  XksProxyConnectivity: 'PUBLIC_ENDPOINT',
  XksProxyUriEndpoint: 'https://new.example.com',
  XksProxyUriPath: '/a/kms/xks/v1',
  XksProxyAuthenticationCredential: { AccessKeyId: 'ABCDEFGHIJKLMNOPQRST', RawSecretAccessKey: SECRET },
};
const VPC = {
  ...PUBLIC,
  CustomKeyStoreName: 'vpc',
  XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
  XksProxyUriEndpoint: VPC_PROXY.uriEndpoint,
  XksProxyVpcEndpointServiceName: GOOD_SERVICE.serviceName,
};

function kmsWithService(changes: Partial<typeof GOOD_SERVICE> = {}): LocalKmsUnderTest {
  const kms = new LocalKmsUnderTest();
  kms.vpcEndpointServices = [{ ...GOOD_SERVICE, ...changes }];
  return kms;
}

describe('CreateCustomKeyStore', () => {
  it('for a public endpoint asks the proxy for its health, and makes a key store that is not connected', async () => {
    const kms = new LocalKmsUnderTest();
    const answer = await kms.call(createCustomKeyStore, PUBLIC);
    expect(answer).toEqual({ CustomKeyStoreId: expect.stringMatching(/^cks-[0-9a-f]{17}$/) as string });
    expect(kms.state.customKeyStores.list()).toMatchObject([
      {
        ...{ customKeyStoreId: answer?.['CustomKeyStoreId'], customKeyStoreName: 'public' },
        ...{ creationDate: kms.now, credentialDate: kms.now },
        ...{ connectionState: 'DISCONNECTED', connectionErrorCode: undefined },
        proxy: {
          ...{ connectivity: 'PUBLIC_ENDPOINT', uriEndpoint: 'https://new.example.com', uriPath: '/a/kms/xks/v1' },
          ...{ vpcEndpointServiceName: undefined, vpcEndpointServiceOwner: undefined },
          accessKeyId: 'ABCDEFGHIJKLMNOPQRST',
        },
      },
    ]);
    const [stored] = kms.state.customKeyStores.external();
    expect(stored?.proxy.rawSecretAccessKey.reveal()).toBe(SECRET);
    expect(kms.xksProxy.calls).toMatchObject([
      {
        xksOperation: 'GetHealthStatus',
        customKeyStoreId: undefined,
        proxy: { uriEndpoint: 'https://new.example.com', accessKeyId: 'ABCDEFGHIJKLMNOPQRST' },
        requestMetadata: {
          kmsOperation: 'CreateCustomKeyStore',
          kmsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        },
      },
    ]);
  });

  it('for a VPC endpoint service checks only the service; its owner is this account by default', async () => {
    const kms = kmsWithService();
    await kms.call(createCustomKeyStore, VPC);
    expect(kms.state.customKeyStores.list()).toMatchObject([
      {
        connectionState: 'DISCONNECTED',
        proxy: { vpcEndpointServiceName: GOOD_SERVICE.serviceName, vpcEndpointServiceOwner: '111122223333' },
      },
    ]);
    expect(kms.xksProxy.calls).toEqual([]);

    const other = kmsWithService({ owner: '444455556666' });
    await other.call(createCustomKeyStore, { ...VPC, XksProxyVpcEndpointServiceOwner: '444455556666' });
    expect(other.state.customKeyStores.list()).toMatchObject([{ proxy: { vpcEndpointServiceOwner: '444455556666' } }]);
  });

  const needed =
    'An external key store needs XksProxyConnectivity, XksProxyUriEndpoint, XksProxyUriPath and XksProxyAuthenticationCredential.';
  const ofVpc =
    'XksProxyVpcEndpointServiceName and XksProxyVpcEndpointServiceOwner are valid only when XksProxyConnectivity is VPC_ENDPOINT_SERVICE.';
  const external =
    'XksProxyConnectivity, XksProxyUriEndpoint, XksProxyUriPath, XksProxyAuthenticationCredential: valid only for custom key stores with a CustomKeyStoreType of EXTERNAL_KEY_STORE. The type of this one is AWS_CLOUDHSM.';
  const hsm =
    ': valid only for custom key stores with a CustomKeyStoreType of AWS_CLOUDHSM. The type of this one is EXTERNAL_KEY_STORE.';
  it.each([
    ['ValidationException', external, { CustomKeyStoreType: 'AWS_CLOUDHSM' }],
    // The default of the service model is AWS_CLOUDHSM.
    ['ValidationException', external, { CustomKeyStoreType: undefined }],
    ['ValidationException', `KeyStorePassword${hsm}`, { KeyStorePassword: 'kmsPswd' }],
    [
      'ValidationException',
      `CloudHsmClusterId, TrustAnchorCertificate${hsm}`,
      { CloudHsmClusterId: 'cluster-2a34b5cdefg', TrustAnchorCertificate: 'x' },
    ],
    // The guide's own id, which breaks CloudHSM's pattern, and other values that KMS refuses.
    [
      'ValidationException',
      external,
      { CustomKeyStoreType: undefined, CloudHsmClusterId: 'cluster-1a23b4cdefg', KeyStorePassword: 'kmsPsw' },
    ],
    ['ValidationException', `CloudHsmClusterId${hsm}`, { CloudHsmClusterId: 7 }],
    ['ValidationException', needed, { XksProxyConnectivity: undefined }],
    ['ValidationException', needed, { XksProxyUriEndpoint: undefined }],
    ['ValidationException', needed, { XksProxyUriPath: undefined }],
    ['ValidationException', needed, { XksProxyAuthenticationCredential: undefined }],
    [
      'ValidationException',
      "1 validation error detected: Value at 'xksProxyAuthenticationCredential.rawSecretAccessKey' failed to satisfy constraint: Member must not be null",
      { XksProxyAuthenticationCredential: { AccessKeyId: 'ABCDEFGHIJKLMNOPQRST' } },
    ],
    ['ValidationException', ofVpc, { XksProxyVpcEndpointServiceName: GOOD_SERVICE.serviceName }],
    ['ValidationException', ofVpc, { XksProxyVpcEndpointServiceOwner: '111122223333' }],
    [
      'ValidationException',
      'XksProxyVpcEndpointServiceName is required when XksProxyConnectivity is VPC_ENDPOINT_SERVICE.',
      { XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE' },
    ],
  ])('%s: %s', async (errorName, message, changes) => {
    const kms = kmsWithService();
    await expect(kms.call(createCustomKeyStore, { ...PUBLIC, ...changes })).rejects.toMatchObject({
      errorName,
      message,
    });
    expect(kms.xksProxy.calls).toEqual([]);
    expect(kms.state.customKeyStores.list()).toEqual([]);
  });

  it.each([
    [
      'XksProxyVpcEndpointServiceNotFoundException',
      `AWS KMS cannot find the VPC endpoint service ${GOOD_SERVICE.serviceName}. Its owner is not the account 111122223333.`,
      { owner: '444455556666' },
    ],
    [
      'XksProxyVpcEndpointServiceInvalidConfigurationException',
      `The VPC endpoint service ${GOOD_SERVICE.serviceName} does not fulfill the requirements for an external key store. It must not require acceptance of connection requests.`,
      { acceptanceRequired: true },
    ],
  ])('%s', async (errorName, message, changes) => {
    const kms = kmsWithService(changes);
    await expect(kms.call(createCustomKeyStore, VPC)).rejects.toMatchObject({ errorName, message });
    expect(kms.state.customKeyStores.list()).toEqual([]);
  });

  it('fails with the exception for the proxy’s failure, and creates nothing', async () => {
    const kms = new LocalKmsUnderTest();
    kms.xksProxy.failure = new XksProxyFailure('AuthenticationFailedException', 'signature differs');
    await expect(kms.call(createCustomKeyStore, PUBLIC)).rejects.toMatchObject({
      errorName: 'XksProxyIncorrectAuthenticationCredentialException',
      message: expect.stringContaining('could not authenticate AWS KMS') as string,
      detail: 'signature differs',
    });
    kms.xksProxy.failure = undefined;
    kms.xksProxy.healthStatus = 'UNAVAILABLE';
    await expect(kms.call(createCustomKeyStore, PUBLIC)).rejects.toMatchObject({
      errorName: 'XksProxyUriUnreachableException',
      message: expect.stringContaining('is in an unhealthy state') as string,
    });
    expect(kms.state.customKeyStores.list()).toEqual([]);
  });

  it('keeps neither a connection nor an endpoint of a proxy that failed', async () => {
    const kms = new LocalKmsUnderTest();
    await kms.call(createCustomKeyStore, PUBLIC);
    expect(kms.xksProxy.disconnected).toEqual([]);
    kms.xksProxy.failure = new XksProxyFailure('NotReachable', 'no such name');
    const other = { ...PUBLIC, CustomKeyStoreName: 'other', XksProxyUriEndpoint: 'https://nowhere.example.com' };
    await expect(kms.call(createCustomKeyStore, other)).rejects.toMatchObject({
      errorName: 'XksProxyUriUnreachableException',
      message: expect.stringContaining('cannot communicate with the external key store proxy') as string,
    });
    expect(kms.xksProxy.disconnected).toEqual(['https://nowhere.example.com']);
  });
});

const NAME_IN_USE = 'is already assigned to another custom key store in the account.';
const IN_USE = 'is already associated with another external key store in this Region.';
const SHARED = `${IN_USE} Only external key stores with public endpoint connectivity can share an endpoint.`;

describe('properties that key stores may not share', () => {
  const publicNeighbour = { ...VPC_PROXY, connectivity: 'PUBLIC_ENDPOINT', vpcEndpointServiceName: undefined } as const;
  it.each([
    ['CustomKeyStoreNameInUseException', `The name vpc ${NAME_IN_USE}`, VPC, { customKeyStoreName: 'vpc' }],
    [
      'XksProxyUriInUseException',
      `https://new.example.com/a/kms/xks/v1 ${IN_USE}`,
      PUBLIC,
      { proxy: { ...publicNeighbour, uriEndpoint: 'https://NEW.example.com', uriPath: '/a/kms/xks/v1' } },
    ],
    [
      'XksProxyUriInUseException',
      `https://private.xks.example.com/a/kms/xks/v1 ${IN_USE}`,
      VPC,
      { proxy: { ...VPC_PROXY, uriPath: '/a/kms/xks/v1' } },
    ],
    [
      'XksProxyUriEndpointInUseException',
      `https://private.xks.example.com ${SHARED}`,
      { ...PUBLIC, XksProxyUriEndpoint: VPC_PROXY.uriEndpoint },
      { proxy: VPC_PROXY },
    ],
    ['XksProxyUriEndpointInUseException', `https://private.xks.example.com ${SHARED}`, VPC, { proxy: publicNeighbour }],
    [
      'XksProxyUriEndpointInUseException',
      `https://private.xks.example.com ${SHARED}`,
      VPC,
      { proxy: { ...VPC_PROXY, vpcEndpointServiceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-0' } },
    ],
    [
      'XksProxyVpcEndpointServiceInUseException',
      `${GOOD_SERVICE.serviceName} ${IN_USE}`,
      VPC,
      { proxy: { ...VPC_PROXY, uriEndpoint: 'https://other.example.com' } },
    ],
  ])('%s: %s', async (errorName, message, input, neighbour) => {
    const kms = kmsWithService();
    kms.addKeyStore(neighbour);
    await expect(kms.call(createCustomKeyStore, input)).rejects.toMatchObject({ errorName, message });
    expect(kms.xksProxy.calls).toEqual([]);
    expect(kms.state.customKeyStores.list()).toHaveLength(1);
  });

  it('public ones may share an endpoint', async () => {
    const kms = kmsWithService();
    await kms.call(createCustomKeyStore, PUBLIC);
    await kms.call(createCustomKeyStore, { ...PUBLIC, CustomKeyStoreName: 'b', XksProxyUriPath: '/b/kms/xks/v1' });
    expect(kms.state.customKeyStores.list()).toHaveLength(2);
  });

  it('at most ten key stores exist', async () => {
    const kms = kmsWithService();
    for (let count = 0; count < 10; count += 1) kms.addKeyStore();
    await expect(kms.call(createCustomKeyStore, PUBLIC)).rejects.toMatchObject({
      errorName: 'LimitExceededException',
      message: 'There are 10 custom key stores in the account and Region, which is the quota.',
    });
  });
});

describe('if two requests run at once', () => {
  it.each([
    ['CustomKeyStoreNameInUseException', `The name public ${NAME_IN_USE}`, { XksProxyUriPath: '/b/kms/xks/v1' }],
    ['XksProxyUriInUseException', `https://new.example.com/a/kms/xks/v1 ${IN_USE}`, { CustomKeyStoreName: 'b' }],
  ])('one is created, and the other fails with %s', async (errorName, message, changes) => {
    const kms = new LocalKmsUnderTest();
    const first = kms.call(createCustomKeyStore, PUBLIC);
    const second = kms.call(createCustomKeyStore, { ...PUBLIC, ...changes });
    await expect(first).resolves.toBeDefined();
    await expect(second).rejects.toMatchObject({ errorName, message });
    expect(kms.xksProxy.calls).toHaveLength(2);
    expect(kms.state.customKeyStores.list()).toHaveLength(1);
  });

  it('the tenth is created, and the eleventh is refused', async () => {
    const kms = new LocalKmsUnderTest();
    for (let count = 0; count < 9; count += 1) kms.addKeyStore();
    const first = kms.call(createCustomKeyStore, PUBLIC);
    const second = kms.call(createCustomKeyStore, {
      ...PUBLIC,
      CustomKeyStoreName: 'b',
      XksProxyUriPath: '/b/kms/xks/v1',
    });
    await expect(first).resolves.toBeDefined();
    await expect(second).rejects.toMatchObject({ errorName: 'LimitExceededException' });
    expect(kms.state.customKeyStores.list()).toHaveLength(10);
  });
});
