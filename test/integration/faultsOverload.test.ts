import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FaultyProxy } from '../support/faultyProxy.ts';

it('an overloaded key manager serves as much as it can, and refuses other requests with ThrottlingException', async () => {
  const proxy = await FaultyProxy.start([{ isolation: 'thread', timeoutMs: 200, sessions: 4 }]);
  try {
    // The key manager can do 80 decryptions per second, and 16 within the time limit. The clients ask for more, however
    // fast the machine is.
    proxy.module().inject({ on: 'C_Decrypt', does: 'delay', milliseconds: 50 });
    const counts = { ok: 0, ThrottlingException: 0, DependencyTimeoutException: 0 };
    const client = async () => {
      while (counts.ok < 160) {
        const { status, body } = await proxy.ask(proxy.key.decryptProbe());
        counts[status === 200 ? 'ok' : (body['errorName'] as keyof typeof counts)] += 1;
        await sleep(10);
      }
    };
    await Promise.all(Array.from({ length: 32 }, client));
    expect(counts.ThrottlingException).toBeGreaterThan(counts.DependencyTimeoutException);
    expect(Object.keys(counts)).toHaveLength(3);
    expect(await proxy.health()).not.toBe('InternalException');
  } finally {
    await proxy.dispose();
  }
});

it('an HSM that fails for one kind of requests is DEGRADED, and its state does not flap', async () => {
  const proxy = await FaultyProxy.start([{}, {}]);
  try {
    // Longer than the plaintext of the health check.
    proxy.module().inject({ on: 'C_Encrypt', does: 'flip-bit', byte: 60 });
    for (let count = 0; count < 100; count += 1) {
      expect(await proxy.ask(proxy.key.encryptProbe({ bytes: 100 }))).toMatchObject({ status: 200 });
    }
    expect(proxy.running.log.filter(({ msg }) => msg === 'key manager health').length).toBeLessThan(10);
    expect(await proxy.health()).toEqual(['DEGRADED', 'ACTIVE']);
  } finally {
    await proxy.dispose();
  }
});
