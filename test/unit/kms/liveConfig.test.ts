import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LiveConfig } from '../../../src/kms/liveConfig.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** The configuration with a subnet that has this number of free addresses. */
function withAddresses(count: number): string {
  return `subnets: [{ subnetId: subnet-00000001, availabilityZone: us-east-1a, cidrBlock: 10.0.1.0/24, availableIpAddressCount: ${count} }]`;
}

it('is read again after its file has changed and settled; an invalid one is reported, and changes nothing', async () => {
  const file = join(temporaryFolder({ 'kms.yaml': withAddresses(7) }), 'kms.yaml');
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => lines.push(line) });
  const config = new LiveConfig(file, { region: 'us-east-1', accountId: '111122223333' }, log);
  config.watch();
  const free = () => config.current.subnets[0]?.availableIpAddressCount;
  expect(free()).toBe(7);

  writeFileSync(file, withAddresses(0));
  await vi.advanceTimersByTimeAsync(2_000);
  expect(free()).toBe(7);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(free()).toBe(0);

  writeFileSync(file, 'subnets: 5');
  await vi.advanceTimersByTimeAsync(8_000);
  expect(free()).toBe(0);
  const told = lines.filter((line) => line.includes('the old one stays in force'));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(`${file} has a problem:\\n  subnets (line 1): must be a list (given: 5)`);

  writeFileSync(file, withAddresses(3));
  await vi.advanceTimersByTimeAsync(4_000);
  expect(free()).toBe(3);
  config.close();
  writeFileSync(file, withAddresses(4));
  await vi.advanceTimersByTimeAsync(8_000);
  expect(free()).toBe(3);
});
