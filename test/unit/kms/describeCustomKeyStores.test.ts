import { describe, expect, it } from 'vitest';
import { describeCustomKeyStores } from '../../../src/kms/operations/customKeyStores/describeCustomKeyStores.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';
import { VPC_PROXY } from '../../support/vpcEndpointServices.ts';

describe('DescribeCustomKeyStores', () => {
  it('returns everything except the secret', async () => {
    const kms = new LocalKmsUnderTest();
    const store = kms.addKeyStore();
    const answer = await kms.call(describeCustomKeyStores, {});
    expect(answer).toEqual({
      CustomKeyStores: [
        {
          CustomKeyStoreId: store.customKeyStoreId,
          CustomKeyStoreName: store.customKeyStoreName,
          CustomKeyStoreType: 'EXTERNAL_KEY_STORE',
          ConnectionState: 'CONNECTED',
          CreationDate: new Date(kms.now),
          XksProxyConfiguration: {
            Connectivity: 'PUBLIC_ENDPOINT',
            AccessKeyId: 'ABCDEFGHIJKLMNOPQRST',
            UriEndpoint: 'https://xks.example.com',
            UriPath: store.proxy.uriPath,
          },
        },
      ],
      Truncated: false,
    });
    expect(JSON.stringify(answer)).not.toContain(store.proxy.rawSecretAccessKey.reveal());
  });

  it('returns the VPC endpoint service of one that has it', async () => {
    const kms = new LocalKmsUnderTest();
    kms.addKeyStore({ proxy: VPC_PROXY });
    expect(await kms.call(describeCustomKeyStores, {})).toMatchObject({
      CustomKeyStores: [
        {
          XksProxyConfiguration: {
            Connectivity: 'VPC_ENDPOINT_SERVICE',
            VpcEndpointServiceName: VPC_PROXY.vpcEndpointServiceName,
            VpcEndpointServiceOwner: '111122223333',
          },
        },
      ],
    });
  });

  it('returns why one is FAILED', async () => {
    const kms = new LocalKmsUnderTest();
    kms.addKeyStore({ connectionErrorCode: 'XKS_PROXY_TIMED_OUT' }, 'FAILED');
    expect(await kms.call(describeCustomKeyStores, {})).toMatchObject({
      CustomKeyStores: [{ ConnectionState: 'FAILED', ConnectionErrorCode: 'XKS_PROXY_TIMED_OUT' }],
    });
  });

  it('finds one by its id or name', async () => {
    const kms = new LocalKmsUnderTest();
    kms.addKeyStore();
    const { customKeyStoreId, customKeyStoreName } = kms.addKeyStore();
    for (const filter of [{ CustomKeyStoreId: customKeyStoreId }, { CustomKeyStoreName: customKeyStoreName }]) {
      const answer = await kms.call(describeCustomKeyStores, filter);
      expect(answer).toMatchObject({ CustomKeyStores: [{ CustomKeyStoreId: customKeyStoreId }], Truncated: false });
      expect(answer?.['CustomKeyStores']).toHaveLength(1);
    }
  });

  it('returns all in pages', async () => {
    const kms = new LocalKmsUnderTest();
    const ids = [kms.addKeyStore(), kms.addKeyStore(), kms.addKeyStore()].map((store) => store.customKeyStoreId).sort();
    const first = await kms.call(describeCustomKeyStores, { Limit: 2 });
    expect(first).toMatchObject({
      CustomKeyStores: [{ CustomKeyStoreId: ids[0] }, { CustomKeyStoreId: ids[1] }],
      Truncated: true,
      NextMarker: expect.any(String) as string,
    });
    const second = await kms.call(describeCustomKeyStores, { Limit: 2, Marker: first?.['NextMarker'] });
    expect(second).toMatchObject({ CustomKeyStores: [{ CustomKeyStoreId: ids[2] }], Truncated: false });
  });

  it.each([
    [
      'ValidationException',
      'Specify CustomKeyStoreId or CustomKeyStoreName, not both.',
      { CustomKeyStoreId: 'cks-0', CustomKeyStoreName: 'x' },
    ],
    [
      'CustomKeyStoreNotFoundException',
      'There is no custom key store with the ID cks-0.',
      { CustomKeyStoreId: 'cks-0' },
    ],
    ['CustomKeyStoreNotFoundException', 'There is no custom key store with the name x.', { CustomKeyStoreName: 'x' }],
    ['InvalidMarkerException', 'Marker is not valid.', { Marker: 'x' }],
  ])('%s: %s', async (errorName, message, input) => {
    const kms = new LocalKmsUnderTest();
    kms.addKeyStore();
    await expect(kms.call(describeCustomKeyStores, input)).rejects.toMatchObject({ errorName, message });
  });
});
