import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BackgroundConnector } from '../../../src/kms/connection/backgroundConnector.ts';
import { connectCustomKeyStore } from '../../../src/kms/operations/customKeyStores/connectCustomKeyStore.ts';
import { disconnectCustomKeyStore } from '../../../src/kms/operations/customKeyStores/disconnectCustomKeyStore.ts';
import { updateCustomKeyStore } from '../../../src/kms/operations/customKeyStores/updateCustomKeyStore.ts';
import type { ConnectionState, ExternalKeyStore } from '../../../src/kms/state/records.ts';
import { type FailureReason, XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';
import { GOOD_SERVICE, VPC_PROXY } from '../../support/vpcEndpointServices.ts';

const CONNECT_MS = 3000;
const DISCONNECT_MS = 1000;

/** A local KMS with a real connector and one key store. */
class Connecting {
  readonly kms = new LocalKmsUnderTest();
  readonly lines: Record<string, unknown>[] = [];
  readonly store: ExternalKeyStore;
  connector: BackgroundConnector;

  constructor(state: ConnectionState, changes: Partial<ExternalKeyStore> = {}) {
    this.store = this.kms.addKeyStore(changes, state);
    this.connector = this.start();
  }

  /** A connector, as in another run of the program. */
  start(): BackgroundConnector {
    const log = pino(
      { base: null, timestamp: false },
      { write: (line) => this.lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    const options = { kms: this.kms, log, connectMs: CONNECT_MS, disconnectMs: DISCONNECT_MS };
    this.connector = this.kms.connector = new BackgroundConnector(options);
    return this.connector;
  }

  connect(): Promise<unknown> {
    return this.kms.call(connectCustomKeyStore, { CustomKeyStoreId: this.store.customKeyStoreId });
  }

  disconnect(): Promise<unknown> {
    return this.kms.call(disconnectCustomKeyStore, { CustomKeyStoreId: this.store.customKeyStoreId });
  }

  get state(): ConnectionState | undefined {
    return this.stored?.connectionState;
  }

  get stored(): ExternalKeyStore | undefined {
    return this.kms.state.customKeyStores
      .external()
      .find((store) => store.customKeyStoreId === this.store.customKeyStoreId);
  }

  /** Holds the proxy's answers back until the returned function is called. */
  hold(): () => Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.kms.xksProxy.pause = promise;
    return async () => {
      this.kms.xksProxy.pause = Promise.resolve();
      resolve(undefined);
      await vi.advanceTimersByTimeAsync(0);
    };
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('connecting', () => {
  it('is CONNECTING for a while, calls the proxy on a new connection, and then is CONNECTED', async () => {
    const connecting = new Connecting('DISCONNECTED');
    await expect(connecting.connect()).resolves.toEqual({});
    expect(connecting.state).toBe('CONNECTING');
    await vi.advanceTimersByTimeAsync(CONNECT_MS - 1);
    expect(connecting.kms.xksProxy.calls).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(connecting.stored).toEqual({ ...connecting.store, connectionState: 'CONNECTED' });
    expect(connecting.kms.xksProxy.calls).toMatchObject([
      {
        xksOperation: 'GetHealthStatus',
        customKeyStoreId: connecting.store.customKeyStoreId,
        requestMetadata: {
          kmsOperation: 'ConnectCustomKeyStore',
          kmsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        },
      },
    ]);
    expect(connecting.kms.xksProxy.disconnected).toEqual(['https://xks.example.com']);
    const { customKeyStoreId } = connecting.store;
    expect(connecting.lines).toEqual([
      { level: 30, customKeyStoreId, from: 'DISCONNECTED', to: 'CONNECTING', msg: 'connection state' },
      { level: 30, customKeyStoreId, from: 'CONNECTING', to: 'CONNECTED', msg: 'connection state' },
    ]);
  });

  it.each<[FailureReason, string]>([
    ['ValidationException', 'XKS_PROXY_INVALID_RESPONSE'],
    ['InvalidStateException', 'XKS_PROXY_NOT_REACHABLE'],
    ['AuthenticationFailedException', 'INVALID_CREDENTIALS'],
    ['AccessDeniedException', 'XKS_PROXY_ACCESS_DENIED'],
    ['InvalidUriPathException', 'XKS_PROXY_INVALID_CONFIGURATION'],
    ['ThrottlingException', 'XKS_PROXY_NOT_REACHABLE'],
    ['UnsupportedOperationException', 'XKS_PROXY_INVALID_RESPONSE'],
    ['DependencyTimeoutException', 'XKS_PROXY_TIMED_OUT'],
    ['InternalException', 'XKS_PROXY_INVALID_RESPONSE'],
    ['NotReachable', 'XKS_PROXY_NOT_REACHABLE'],
    ['InvalidTls', 'XKS_PROXY_INVALID_TLS_CONFIGURATION'],
    ['InvalidTlsName', 'XKS_PROXY_INVALID_TLS_CONFIGURATION'],
    ['ConnectionLost', 'NETWORK_ERRORS'],
    ['TimedOut', 'XKS_PROXY_TIMED_OUT'],
    ['InvalidResponse', 'XKS_PROXY_INVALID_RESPONSE'],
    ['EkmUnavailable', 'XKS_PROXY_NOT_REACHABLE'],
    ['Internal', 'INTERNAL_ERROR'],
  ])('that fails with %s is FAILED with %s', async (reason, errorCode) => {
    const connecting = new Connecting('DISCONNECTED');
    connecting.kms.xksProxy.failure = new XksProxyFailure(reason, 'the words of the proxy');
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.stored).toMatchObject({ connectionState: 'FAILED', connectionErrorCode: errorCode });
    const detail = `${reason}: the words of the proxy`;
    expect(connecting.lines.at(-1)).toMatchObject({ from: 'CONNECTING', to: 'FAILED', errorCode, detail });
  });

  it.each([
    ['XKS_VPC_ENDPOINT_SERVICE_NOT_FOUND', 'Its owner is not the account 111122223333.', { owner: '444455556666' }],
    [
      'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION',
      'It must not require acceptance of connection requests.',
      { acceptanceRequired: true },
    ],
  ])('through a VPC endpoint service that is %s does not call the proxy', async (errorCode, detail, changes) => {
    const connecting = new Connecting('DISCONNECTED', { proxy: VPC_PROXY });
    connecting.kms.vpcEndpointServices = [{ ...GOOD_SERVICE, ...changes }];
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.stored).toMatchObject({ connectionState: 'FAILED', connectionErrorCode: errorCode });
    expect(connecting.lines.at(-1)).toMatchObject({ to: 'FAILED', errorCode, detail });
    expect(connecting.kms.xksProxy.calls).toEqual([]);
  });

  it('through a good VPC endpoint service calls the proxy, whose certificate needs the private name', async () => {
    const connecting = new Connecting('DISCONNECTED', { proxy: VPC_PROXY });
    connecting.kms.vpcEndpointServices = [GOOD_SERVICE];
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.state).toBe('CONNECTED');
    await connecting.disconnect();
    await vi.advanceTimersByTimeAsync(DISCONNECT_MS);
    connecting.kms.xksProxy.failure = new XksProxyFailure('InvalidTlsName', 'other.example.com');
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.stored).toMatchObject({
      connectionState: 'FAILED',
      connectionErrorCode: 'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION',
    });
  });

  it('that fails in an unforeseen way is FAILED with INTERNAL_ERROR', async () => {
    const connecting = new Connecting('DISCONNECTED');
    vi.spyOn(connecting.kms.xksProxy, 'disconnect').mockImplementation(() => {
      throw new TypeError('unforeseen');
    });
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.stored).toMatchObject({ connectionState: 'FAILED', connectionErrorCode: 'INTERNAL_ERROR' });
    expect(connecting.lines.at(-1)).toMatchObject({ to: 'FAILED', detail: 'TypeError: unforeseen' });
  });

  it('after a failure no longer has an error code', async () => {
    const connecting = new Connecting('FAILED', { connectionErrorCode: 'XKS_PROXY_TIMED_OUT' });
    await connecting.disconnect();
    expect(connecting.stored?.connectionErrorCode).toBeUndefined();
    await vi.advanceTimersByTimeAsync(DISCONNECT_MS);
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.stored).toMatchObject({ connectionState: 'CONNECTED', connectionErrorCode: undefined });
  });

  it('uses later updates of the key store', async () => {
    const connecting = new Connecting('DISCONNECTED');
    await connecting.connect();
    const CustomKeyStoreId = connecting.store.customKeyStoreId;
    await connecting.kms.call(updateCustomKeyStore, { CustomKeyStoreId, XksProxyUriPath: '/new/kms/xks/v1' });
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.kms.xksProxy.calls.at(-1)).toMatchObject({
      proxy: { uriPath: '/new/kms/xks/v1' },
      requestMetadata: { kmsOperation: 'ConnectCustomKeyStore' },
    });
    expect(connecting.state).toBe('CONNECTED');
  });
});

describe('the states', () => {
  it.each(['CONNECTED', 'CONNECTING'] as const)(
    'ConnectCustomKeyStore of one that is %s changes nothing',
    async (state) => {
      const connecting = new Connecting(state);
      await expect(connecting.connect()).resolves.toEqual({});
      expect(connecting.state).toBe(state);
      await vi.advanceTimersByTimeAsync(CONNECT_MS);
      expect(connecting.kms.xksProxy.calls).toEqual([]);
      expect(connecting.lines).toEqual([]);
    },
  );

  it.each(['FAILED', 'DISCONNECTING'] as const)('ConnectCustomKeyStore of one that is %s is refused', async (state) => {
    const connecting = new Connecting(state);
    await expect(connecting.connect()).rejects.toMatchObject({
      errorName: 'CustomKeyStoreInvalidStateException',
      message: `ConnectCustomKeyStore is not valid for a custom key store whose connection state is ${state}. The connection state must be DISCONNECTED or CONNECTING or CONNECTED.`,
    });
    expect(connecting.state).toBe(state);
  });

  it.each(['CONNECTED', 'CONNECTING', 'FAILED'] as const)(
    'DisconnectCustomKeyStore of one that is %s takes a while, and closes connections',
    async (state) => {
      const connecting = new Connecting(state);
      await expect(connecting.disconnect()).resolves.toEqual({});
      expect(connecting.state).toBe('DISCONNECTING');
      await vi.advanceTimersByTimeAsync(DISCONNECT_MS - 1);
      expect(connecting.state).toBe('DISCONNECTING');
      await vi.advanceTimersByTimeAsync(1);
      expect(connecting.state).toBe('DISCONNECTED');
      expect(connecting.kms.xksProxy.disconnected).toEqual(['https://xks.example.com']);
      expect(connecting.kms.xksProxy.calls).toEqual([]);
    },
  );

  it.each(['DISCONNECTED', 'DISCONNECTING'] as const)(
    'DisconnectCustomKeyStore of one that is %s is refused',
    async (state) => {
      const connecting = new Connecting(state);
      await expect(connecting.disconnect()).rejects.toMatchObject({
        errorName: 'CustomKeyStoreInvalidStateException',
        message: `DisconnectCustomKeyStore is not valid for a custom key store whose connection state is ${state}. The connection state must be CONNECTED or CONNECTING or FAILED.`,
      });
      expect(connecting.state).toBe(state);
    },
  );

  it.each([connectCustomKeyStore, disconnectCustomKeyStore])('an unknown key store is refused', async (operation) => {
    const { kms } = new Connecting('CONNECTED');
    await expect(kms.call(operation, { CustomKeyStoreId: 'cks-0' })).rejects.toMatchObject({
      errorName: 'CustomKeyStoreNotFoundException',
      message: 'There is no custom key store with the ID cks-0.',
    });
  });
});

describe('races', () => {
  it('a disconnect before the proxy is called ends the attempt', async () => {
    const connecting = new Connecting('DISCONNECTED');
    await connecting.connect();
    await connecting.disconnect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS * 2);
    expect(connecting.state).toBe('DISCONNECTED');
    expect(connecting.kms.xksProxy.calls).toEqual([]);
  });

  it.each([undefined, new XksProxyFailure('TimedOut', 'late')])(
    'an answer after a disconnect changes nothing: %s',
    async (failure) => {
      const connecting = new Connecting('DISCONNECTED');
      connecting.kms.xksProxy.failure = failure;
      const release = connecting.hold();
      await connecting.connect();
      await vi.advanceTimersByTimeAsync(CONNECT_MS);
      expect(connecting.kms.xksProxy.calls).toHaveLength(1);
      await connecting.disconnect();
      await release();
      expect(connecting.state).toBe('DISCONNECTING');
      await vi.advanceTimersByTimeAsync(DISCONNECT_MS);
      expect(connecting.state).toBe('DISCONNECTED');
    },
  );

  it('an old attempt does not change a later one', async () => {
    const connecting = new Connecting('DISCONNECTED');
    connecting.kms.xksProxy.failure = new XksProxyFailure('TimedOut', 'late');
    const release = connecting.hold();
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    await connecting.disconnect();
    await vi.advanceTimersByTimeAsync(DISCONNECT_MS);
    await connecting.connect();
    await release();
    expect(connecting.state).toBe('CONNECTING');
    connecting.kms.xksProxy.failure = undefined;
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.state).toBe('CONNECTED');
  });

  it('a second connect does not start a second attempt', async () => {
    const connecting = new Connecting('DISCONNECTED');
    await Promise.all([connecting.connect(), connecting.connect()]);
    await vi.advanceTimersByTimeAsync(CONNECT_MS * 2);
    expect(connecting.kms.xksProxy.calls).toHaveLength(1);
  });

  it('key stores do not wait for each other', async () => {
    const connecting = new Connecting('DISCONNECTED');
    const other = connecting.kms.addKeyStore({}, 'CONNECTED').customKeyStoreId;
    await connecting.connect();
    await connecting.kms.call(disconnectCustomKeyStore, { CustomKeyStoreId: other });
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.state).toBe('CONNECTED');
    expect(connecting.kms.state.customKeyStores.find(other)?.connectionState).toBe('DISCONNECTED');
  });
});

it.each(['CONNECTING', 'DISCONNECTING'] as const)(
  'one that is %s is not stuck after one failed write of its state',
  async (state) => {
    const connecting = new Connecting(state === 'CONNECTING' ? 'DISCONNECTED' : 'CONNECTED');
    await (state === 'CONNECTING' ? connecting.connect() : connecting.disconnect());
    vi.spyOn(connecting.kms.state.customKeyStores, 'setConnection').mockImplementationOnce(() => {
      throw new Error('disk I/O error');
    });
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.lines).toContainEqual(
      expect.objectContaining({
        msg: 'a state cannot be changed',
        err: expect.objectContaining({ message: 'disk I/O error' }) as unknown,
      }),
    );
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.state).toBe(state === 'CONNECTING' ? 'CONNECTED' : 'DISCONNECTED');
  },
);

describe('a stop', () => {
  it.each(['CONNECTING', 'DISCONNECTING'] as const)('leaves one that is %s to the next run', async (state) => {
    const connecting = new Connecting(state === 'CONNECTING' ? 'DISCONNECTED' : 'CONNECTED');
    await (state === 'CONNECTING' ? connecting.connect() : connecting.disconnect());
    connecting.connector.stop();
    await vi.advanceTimersByTimeAsync(CONNECT_MS * 2);
    expect(connecting.state).toBe(state);
    connecting.start().resume();
    expect(connecting.state).toBe(state);
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    expect(connecting.state).toBe(state === 'CONNECTING' ? 'CONNECTED' : 'DISCONNECTED');
  });

  it('during a call to the proxy also leaves the attempt to the next run', async () => {
    const connecting = new Connecting('DISCONNECTED');
    const release = connecting.hold();
    await connecting.connect();
    await vi.advanceTimersByTimeAsync(CONNECT_MS);
    connecting.connector.stop();
    await release();
    expect(connecting.state).toBe('CONNECTING');
  });

  it.each(['CONNECTED', 'FAILED', 'DISCONNECTED'] as const)(
    'has nothing to continue for one that is %s',
    async (state) => {
      const connecting = new Connecting(state);
      connecting.connector.resume();
      await vi.advanceTimersByTimeAsync(CONNECT_MS);
      expect(connecting.state).toBe(state);
      expect(connecting.kms.xksProxy.calls).toEqual([]);
    },
  );
});
