import { describe, expect, it } from 'vitest';
import type { KeyManagerHealth } from '../../src/hsm/keyManager.ts';
import { getHealthStatus } from '../../src/operations/getHealthStatus.ts';

const proxy = { fleetSize: 1, vendor: 'xks-proxy', model: 'xks-proxy 0.0' };

/** The ids of key managers, given by name with the serial number of their token, or undefined if none ever answered. */
function idsOf(serials: Readonly<Record<string, string | undefined>>): string[] {
  const healths = Object.entries(serials).map(([name, id]): KeyManagerHealth => ({
    name,
    healthStatus: id === undefined ? 'UNAVAILABLE' : 'ACTIVE',
    description: id === undefined ? undefined : { id, vendor: 'ACME', model: 'Vault' },
  }));
  return getHealthStatus(proxy, healths).ekmFleetDetails.map(({ id }) => id);
}

describe('the id of a key manager in ekmFleetDetails', () => {
  it.each([
    ['is the serial number of its token', { one: 'a1', two: 'a2' }, ['a1', 'a2']],
    ['is its name if it has never answered', { one: 'a1', two: undefined, three: undefined }, ['a1', 'two', 'three']],
    [
      'is its name if another one has the same serial number',
      { one: 'a1', two: 'a1', three: 'a3' },
      ['one', 'two', 'a3'],
    ],
    ['is its name if the serial number identifies nothing', { one: '0000000000000000', two: '' }, ['one', 'two']],
    ['is its name if another one has that name', { one: 'two', two: 'a1' }, ['one', 'a1']],
  ])('%s', (_, serials, ids) => {
    expect(idsOf(serials)).toEqual(ids);
  });
});
