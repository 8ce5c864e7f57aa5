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

it('gives each key store so many requests a second, and tells of those it refuses', async () => {
  const throttles: Throttle[] = [];
  const quota = requestQuota(2, (throttle) => throttles.push(throttle));
  await quota.take('cks-1', 'Encrypt');
  await quota.take('cks-1', 'Decrypt');
  await expect(quota.take('cks-1', 'ReEncrypt')).rejects.toMatchObject(throttling);
  await quota.take('cks-2', 'Encrypt');
  expect(throttles).toEqual([{ customKeyStoreId: 'cks-1', kmsOperation: 'ReEncrypt' }]);

  vi.advanceTimersByTime(999);
  await expect(quota.take('cks-1', 'Encrypt')).rejects.toMatchObject(throttling);
  vi.advanceTimersByTime(1);
  await quota.take('cks-1', 'Encrypt');
  await quota.take('cks-1', 'Encrypt');
  await expect(quota.take('cks-1', 'Encrypt')).rejects.toMatchObject(throttling);
  expect(throttles).toHaveLength(3);
});
