import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { requestQuota, type Throttle } from '../../../src/kms/operations/cryptography/requestQuota.ts';

const throttling = {
  errorName: 'ThrottlingException',
  message: 'You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.',
};

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('allows each key store this number of requests a second, and reports the refused ones', () => {
  const throttles: Throttle[] = [];
  const quota = requestQuota(2, (throttle) => throttles.push(throttle));
  quota.take('cks-1', 'Encrypt');
  quota.take('cks-1', 'Decrypt');
  expect(() => {
    quota.take('cks-1', 'ReEncrypt');
  }).toThrow(expect.objectContaining(throttling));
  quota.take('cks-2', 'Encrypt');
  expect(throttles).toEqual([{ customKeyStoreId: 'cks-1', kmsOperation: 'ReEncrypt' }]);

  vi.advanceTimersByTime(999);
  expect(() => {
    quota.take('cks-1', 'Encrypt');
  }).toThrow(expect.objectContaining(throttling));
  vi.advanceTimersByTime(1);
  quota.take('cks-1', 'Encrypt');
  quota.take('cks-1', 'Encrypt');
  expect(() => {
    quota.take('cks-1', 'Encrypt');
  }).toThrow(expect.objectContaining(throttling));
  expect(throttles).toHaveLength(3);
});
