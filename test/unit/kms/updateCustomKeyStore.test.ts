import { describe, expect, it } from 'vitest';
import { deleteCustomKeyStore } from '../../../src/kms/operations/customKeyStores/deleteCustomKeyStore.ts';
import { updateCustomKeyStore } from '../../../src/kms/operations/customKeyStores/updateCustomKeyStore.ts';
import type { ConnectionState, ExternalKeyStore } from '../../../src/kms/state/records.ts';
import { XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';
import { GOOD_SERVICE, VPC_PROXY } from '../../support/vpcEndpointServices.ts';

const STATES: ConnectionState[] = ['CONNECTED', 'CONNECTING', 'FAILED', 'DISCONNECTED', 'DISCONNECTING'];
const CREDENTIAL = { AccessKeyId: 'ZZZZZZZZZZZZZZZZZZZZ', RawSecretAccessKey: 'z'.repeat(43) };
const OTHER_SERVICE = {
  ...GOOD_SERVICE,
  serviceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-other',
  owner: '444455556666',
};
const TO_VPC = {
  XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE',
  XksProxyUriEndpoint: VPC_PROXY.uriEndpoint,
  XksProxyVpcEndpointServiceName: GOOD_SERVICE.serviceName,
};
const TO_PUBLIC = { XksProxyConnectivity: 'PUBLIC_ENDPOINT', XksProxyUriEndpoint: 'https://new.example.com' };

class Update {
  readonly kms = new LocalKmsUnderTest();
  readonly before: ExternalKeyStore;

  constructor(changes: Partial<ExternalKeyStore> = {}, state: ConnectionState = 'DISCONNECTED') {
    this.kms.vpcEndpointServices = [GOOD_SERVICE, OTHER_SERVICE];
    this.before = this.kms.addKeyStore(changes, state);
    this.kms.now += 1000;
  }

  run(input: object): Promise<unknown> {
    const { customKeyStoreId } = this.before;
    return this.kms.call(updateCustomKeyStore, { CustomKeyStoreId: customKeyStoreId, ...input });
  }

  get after(): ExternalKeyStore | undefined {
    const { customKeyStoreId } = this.before;
    return this.kms.state.customKeyStores.external().find((store) => store.customKeyStoreId === customKeyStoreId);
  }

  /** Holds the proxy's answers back until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.kms.xksProxy.pause = promise;
    return () => {
      this.kms.xksProxy.pause = Promise.resolve();
      resolve(undefined);
    };
  }
}

describe.each(STATES)('UpdateCustomKeyStore of one that is %s', (state) => {
  it('changes the name without a call', async () => {
    const update = new Update({}, state);
    await expect(update.run({ NewCustomKeyStoreName: 'renamed' })).resolves.toEqual({});
    expect(update.after).toEqual({ ...update.before, customKeyStoreName: 'renamed' });
    expect(update.kms.xksProxy.calls).toEqual([]);
  });

  it('changes path and credential after a call to the proxy with the new ones', async () => {
    const update = new Update({}, state);
    const changes = { XksProxyUriPath: '/new/kms/xks/v1', XksProxyAuthenticationCredential: CREDENTIAL };
    await expect(update.run(changes)).resolves.toEqual({});
    expect(update.after).toMatchObject({
      connectionState: state,
      credentialDate: update.kms.now,
      proxy: { uriPath: '/new/kms/xks/v1', accessKeyId: 'ZZZZZZZZZZZZZZZZZZZZ' },
    });
    expect(update.after?.proxy.rawSecretAccessKey.reveal()).toBe('z'.repeat(43));
    const [call, ...more] = update.kms.xksProxy.calls;
    expect(more).toEqual([]);
    expect(call).toMatchObject({
      customKeyStoreId: update.before.customKeyStoreId,
      requestMetadata: { kmsOperation: 'UpdateCustomKeyStore' },
      proxy: { uriPath: '/new/kms/xks/v1', accessKeyId: 'ZZZZZZZZZZZZZZZZZZZZ' },
    });
    expect(call?.proxy.rawSecretAccessKey.reveal()).toBe('z'.repeat(43));
    expect(update.kms.xksProxy.disconnected).toEqual([]);
  });

  it.each([
    ['XksProxyConnectivity', { XksProxyConnectivity: 'VPC_ENDPOINT_SERVICE' }],
    ['XksProxyUriEndpoint', { XksProxyUriEndpoint: 'https://private.xks.example.com' }],
    ['XksProxyVpcEndpointServiceName', { XksProxyVpcEndpointServiceName: GOOD_SERVICE.serviceName }],
    ['XksProxyVpcEndpointServiceOwner', { XksProxyVpcEndpointServiceOwner: GOOD_SERVICE.owner }],
  ])('changes %s only when disconnected', async (name, changes) => {
    const update = new Update({ proxy: VPC_PROXY }, state);
    const running = update.run(changes);
    if (state === 'DISCONNECTED') {
      await expect(running).resolves.toEqual({});
      return;
    }
    await expect(running).rejects.toMatchObject({
      errorName: 'CustomKeyStoreInvalidStateException',
      message: `UpdateCustomKeyStore of ${name} is not valid for a custom key store whose connection state is ${state}. The connection state must be DISCONNECTED.`,
    });
    expect(update.kms.xksProxy.calls).toEqual([]);
  });
});

describe('UpdateCustomKeyStore', () => {
  it('to a VPC endpoint service checks it and calls the proxy through it; the owner is this account by default', async () => {
    const update = new Update();
    await update.run(TO_VPC);
    expect(update.after?.proxy).toMatchObject({
      ...{ connectivity: 'VPC_ENDPOINT_SERVICE', uriEndpoint: VPC_PROXY.uriEndpoint },
      ...{ vpcEndpointServiceName: GOOD_SERVICE.serviceName, vpcEndpointServiceOwner: '111122223333' },
    });
    expect(update.kms.xksProxy.calls).toMatchObject([{ proxy: { connectivity: 'VPC_ENDPOINT_SERVICE' } }]);
    expect(update.kms.xksProxy.disconnected).toEqual([update.before.proxy.uriEndpoint]);
  });

  it.each([{}, { XksProxyVpcEndpointServiceName: '' }, { XksProxyVpcEndpointServiceName: null }])(
    'to a public endpoint drops the VPC endpoint service: %j',
    async (empty) => {
      const update = new Update({ proxy: VPC_PROXY });
      await update.run({ ...TO_PUBLIC, ...empty });
      expect(update.after?.proxy).toMatchObject({
        ...{ connectivity: 'PUBLIC_ENDPOINT', uriEndpoint: 'https://new.example.com' },
        ...{ vpcEndpointServiceName: undefined, vpcEndpointServiceOwner: undefined },
      });
    },
  );

  it('to another VPC endpoint service, of another account, closes the connections through the old one', async () => {
    const update = new Update({ proxy: VPC_PROXY });
    await update.run({
      XksProxyVpcEndpointServiceName: OTHER_SERVICE.serviceName,
      XksProxyVpcEndpointServiceOwner: OTHER_SERVICE.owner,
    });
    expect(update.after?.proxy).toMatchObject({
      vpcEndpointServiceName: OTHER_SERVICE.serviceName,
      vpcEndpointServiceOwner: '444455556666',
    });
    expect(update.kms.xksProxy.disconnected).toEqual([VPC_PROXY.uriEndpoint]);
  });

  it('keeps the owner of the service if none is given', async () => {
    const update = new Update({
      proxy: {
        ...VPC_PROXY,
        vpcEndpointServiceName: OTHER_SERVICE.serviceName,
        vpcEndpointServiceOwner: OTHER_SERVICE.owner,
      },
    });
    await update.run({ XksProxyUriPath: '/new/kms/xks/v1' });
    expect(update.after?.proxy).toMatchObject({ uriPath: '/new/kms/xks/v1', vpcEndpointServiceOwner: '444455556666' });
  });

  const alsoEndpoint = 'With another XksProxyConnectivity, XksProxyUriEndpoint must change too.';
  const needsService = 'XksProxyVpcEndpointServiceName is required when XksProxyConnectivity is VPC_ENDPOINT_SERVICE.';
  const ofVpc =
    'XksProxyVpcEndpointServiceName and XksProxyVpcEndpointServiceOwner are valid only when XksProxyConnectivity is VPC_ENDPOINT_SERVICE.';
  const hsm =
    ': valid only for custom key stores with a CustomKeyStoreType of AWS_CLOUDHSM. The type of this one is EXTERNAL_KEY_STORE.';
  it.each([
    ['ValidationException', 'Specify at least one property of the custom key store to change.', 'PUBLIC_ENDPOINT', {}],
    ['ValidationException', alsoEndpoint, 'PUBLIC_ENDPOINT', { ...TO_VPC, XksProxyUriEndpoint: undefined }],
    ['ValidationException', alsoEndpoint, 'VPC_ENDPOINT_SERVICE', { XksProxyConnectivity: 'PUBLIC_ENDPOINT' }],
    ['ValidationException', needsService, 'PUBLIC_ENDPOINT', { ...TO_VPC, XksProxyVpcEndpointServiceName: undefined }],
    [
      'ValidationException',
      ofVpc,
      'VPC_ENDPOINT_SERVICE',
      { ...TO_PUBLIC, XksProxyVpcEndpointServiceName: GOOD_SERVICE.serviceName },
    ],
    ['ValidationException', ofVpc, 'PUBLIC_ENDPOINT', { XksProxyVpcEndpointServiceOwner: '111122223333' }],
    [
      'ValidationException',
      "1 validation error detected: Value at 'xksProxyAuthenticationCredential.accessKeyId' failed to satisfy constraint: Member must not be null",
      'PUBLIC_ENDPOINT',
      { XksProxyAuthenticationCredential: { RawSecretAccessKey: 'z'.repeat(43) } },
    ],
    ['ValidationException', `KeyStorePassword${hsm}`, 'PUBLIC_ENDPOINT', { KeyStorePassword: 'kmsPswd' }],
    // The guide's own id, which breaks CloudHSM's pattern.
    ['ValidationException', `CloudHsmClusterId${hsm}`, 'PUBLIC_ENDPOINT', { CloudHsmClusterId: 'cluster-1a23b4cdefg' }],
    [
      'XksProxyVpcEndpointServiceNotFoundException',
      'AWS KMS cannot find the VPC endpoint service com.amazonaws.vpce.us-east-1.vpce-svc-none. There is no VPC endpoint service of that name.',
      'VPC_ENDPOINT_SERVICE',
      { XksProxyVpcEndpointServiceName: 'com.amazonaws.vpce.us-east-1.vpce-svc-none' },
    ],
    [
      'XksProxyVpcEndpointServiceInvalidConfigurationException',
      `The VPC endpoint service ${GOOD_SERVICE.serviceName} does not fulfill the requirements for an external key store. Its private DNS name, private.xks.example.com, must be the host of XksProxyUriEndpoint, https://other.example.com.`,
      'VPC_ENDPOINT_SERVICE',
      { XksProxyUriEndpoint: 'https://other.example.com' },
    ],
  ])('%s: %s', async (errorName, message, connectivity, input) => {
    const update = new Update(connectivity === 'PUBLIC_ENDPOINT' ? {} : { proxy: VPC_PROXY });
    await expect(update.run(input)).rejects.toMatchObject({ errorName, message });
    expect(update.after).toEqual(update.before);
    expect(update.kms.xksProxy.calls).toEqual([]);
  });

  it('of an unknown key store is CustomKeyStoreNotFoundException', async () => {
    const kms = new LocalKmsUnderTest();
    const input = { CustomKeyStoreId: 'cks-0', NewCustomKeyStoreName: 'x' };
    await expect(kms.call(updateCustomKeyStore, input)).rejects.toMatchObject({
      errorName: 'CustomKeyStoreNotFoundException',
      message: 'There is no custom key store with the ID cks-0.',
    });
  });

  it('keeps the old values if the proxy fails with the new ones', async () => {
    const update = new Update();
    update.kms.xksProxy.failure = new XksProxyFailure('InvalidUriPathException', 'no such path');
    await expect(update.run({ XksProxyUriPath: '/x/kms/xks/v1', NewCustomKeyStoreName: 'x' })).rejects.toMatchObject({
      errorName: 'XksProxyInvalidConfigurationException',
      message: expect.stringContaining('because of an invalid URI path') as string,
      detail: 'no such path',
    });
    expect(update.after).toEqual(update.before);
    expect(update.after?.proxy.rawSecretAccessKey.reveal()).toBe(update.before.proxy.rawSecretAccessKey.reveal());
  });

  it.each([
    ['CustomKeyStoreNameInUseException', { NewCustomKeyStoreName: 'neighbour' }],
    [
      'XksProxyUriInUseException',
      { XksProxyUriEndpoint: 'https://near.example.com', XksProxyUriPath: '/near/kms/xks/v1' },
    ],
    ['XksProxyUriEndpointInUseException', { ...TO_VPC, XksProxyUriEndpoint: 'https://near.example.com' }],
    [
      'XksProxyVpcEndpointServiceInUseException',
      { ...TO_VPC, XksProxyVpcEndpointServiceName: OTHER_SERVICE.serviceName },
    ],
  ])('refuses values that another key store uses: %s', async (errorName, input) => {
    const update = new Update();
    const near = { ...update.before.proxy, uriEndpoint: 'https://near.example.com', uriPath: '/near/kms/xks/v1' };
    update.kms.addKeyStore({ customKeyStoreName: 'neighbour', proxy: near });
    const vpc = { ...VPC_PROXY, uriEndpoint: 'https://far.example.com' };
    update.kms.addKeyStore({ proxy: { ...vpc, vpcEndpointServiceName: OTHER_SERVICE.serviceName } });
    await expect(update.run(input)).rejects.toMatchObject({ errorName });
    expect(update.after).toEqual(update.before);
    expect(update.kms.xksProxy.calls).toEqual([]);
  });

  it('to its own values is tested and stored', async () => {
    const update = new Update({}, 'CONNECTED');
    await expect(update.run({ XksProxyUriPath: update.before.proxy.uriPath })).resolves.toEqual({});
    expect(update.after).toEqual(update.before);
    expect(update.kms.xksProxy.calls).toHaveLength(1);
  });
});

describe('during the call to the proxy', () => {
  it('if the key store is deleted, it stays deleted', async () => {
    const update = new Update();
    const release = update.hold();
    const running = update.run({ XksProxyUriPath: '/new/kms/xks/v1' });
    await update.kms.call(deleteCustomKeyStore, { CustomKeyStoreId: update.before.customKeyStoreId });
    release();
    await expect(running).rejects.toMatchObject({
      errorName: 'CustomKeyStoreNotFoundException',
      message: `There is no custom key store with the ID ${update.before.customKeyStoreId}.`,
    });
    expect(update.after).toBeUndefined();
  });

  it('if the key store is connected, members that can change only while it is disconnected are not changed', async () => {
    const update = new Update();
    const release = update.hold();
    const running = update.run({ XksProxyUriEndpoint: 'https://new.example.com' });
    update.kms.state.customKeyStores.setConnection(update.before.customKeyStoreId, 'CONNECTING');
    release();
    await expect(running).rejects.toMatchObject({ errorName: 'CustomKeyStoreInvalidStateException' });
    expect(update.after).toEqual({ ...update.before, connectionState: 'CONNECTING' });
  });

  it('if the key store is connected, a change of the path keeps the state', async () => {
    const update = new Update();
    const release = update.hold();
    const running = update.run({ XksProxyUriPath: '/new/kms/xks/v1' });
    update.kms.state.customKeyStores.setConnection(update.before.customKeyStoreId, 'CONNECTED');
    release();
    await running;
    expect(update.after).toMatchObject({ connectionState: 'CONNECTED', proxy: { uriPath: '/new/kms/xks/v1' } });
    expect(update.kms.xksProxy.calls).toHaveLength(1);
  });

  it('if another update ends first, both changes are tested together before they are stored', async () => {
    const update = new Update();
    const release = update.hold();
    const path = update.run({ XksProxyUriPath: '/new/kms/xks/v1' });
    const credential = update.run({ XksProxyAuthenticationCredential: CREDENTIAL });
    release();
    await Promise.all([path, credential]);
    expect(update.after?.proxy).toMatchObject({ uriPath: '/new/kms/xks/v1', accessKeyId: CREDENTIAL.AccessKeyId });
    expect(update.after?.proxy.rawSecretAccessKey.reveal()).toBe(CREDENTIAL.RawSecretAccessKey);
    expect(update.kms.xksProxy.calls).toHaveLength(3);
    const last = update.kms.xksProxy.calls.at(-1)?.proxy;
    expect(last).toMatchObject({ uriPath: '/new/kms/xks/v1', accessKeyId: CREDENTIAL.AccessKeyId });
  });

  it('a change of only the secret also counts as a change of the configuration', async () => {
    const update = new Update();
    const release = update.hold();
    const AccessKeyId = update.before.proxy.accessKeyId;
    const secret = update.run({
      XksProxyAuthenticationCredential: { AccessKeyId, RawSecretAccessKey: 'y'.repeat(43) },
    });
    const path = update.run({ XksProxyUriPath: '/new/kms/xks/v1' });
    release();
    await Promise.all([secret, path]);
    expect(update.kms.xksProxy.calls).toHaveLength(3);
    const last = update.kms.xksProxy.calls.at(-1)?.proxy;
    expect(last?.uriPath).toBe('/new/kms/xks/v1');
    expect(last?.rawSecretAccessKey.reveal()).toBe('y'.repeat(43));
  });

  it('if another key store takes the URI, the update fails and changes nothing', async () => {
    const update = new Update();
    const release = update.hold();
    const running = update.run({ XksProxyUriPath: '/new/kms/xks/v1' });
    update.kms.addKeyStore({ proxy: { ...update.before.proxy, uriPath: '/new/kms/xks/v1' } });
    release();
    await expect(running).rejects.toMatchObject({
      errorName: 'XksProxyUriInUseException',
      message:
        'https://xks.example.com/new/kms/xks/v1 is already associated with another external key store in this Region.',
    });
    expect(update.after).toEqual(update.before);
  });
});
