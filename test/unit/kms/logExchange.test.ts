import { pino } from 'pino';
import { expect, it } from 'vitest';
import { logExchange } from '../../../src/kms/monitoring/logExchange.ts';
import type { XksExchange } from '../../../src/kms/xksProxy/xksProxyClient.ts';
import { XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const { proxy, customKeyStoreId } = new LocalKmsUnderTest().addKeyStore();
const exchange: XksExchange = {
  call: { proxy, customKeyStoreId, requestMetadata: { kmsRequestId: 'r', kmsOperation: 'KmsHealthCheck' } },
  xksOperation: 'GetHealthStatus',
  latencyMs: 12.345,
  failure: undefined,
  certificate: undefined,
  health: undefined,
};
const common = { customKeyStoreId, kmsRequestId: 'r', kmsOperation: 'KmsHealthCheck', xksOperation: 'GetHealthStatus' };

it.each<[Partial<XksExchange>, object]>([
  [
    { failure: new XksProxyFailure('InternalException', 'No HSM.') },
    { level: 40, latencyMs: 12.3, reason: 'InternalException', detail: 'No HSM.', msg: 'proxy failed' },
  ],
  [
    {
      health: {
        xksProxyFleetSize: 1,
        xksProxyVendor: 'v',
        xksProxyModel: 'm',
        ekmVendor: 'e',
        ekmFleetDetails: [{ id: '1', model: 'm', healthStatus: 'UNAVAILABLE' }],
      },
    },
    { level: 30, latencyMs: 12.3, healthStatus: ['UNAVAILABLE'], msg: 'proxy answered' },
  ],
])('a request to a proxy has one record, without the credential', (change, record) => {
  const lines: string[] = [];
  const log = pino({ base: {}, timestamp: false }, { write: (line: string) => lines.push(line) });
  logExchange(log, { ...exchange, ...change });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([{ ...common, ...record }]);
});
