import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FaultyProxy } from '../support/faultyProxy.ts';

it('a busy key manager serves what it can, and ThrottlingException is the rest', async () => {
  const proxy = await FaultyProxy.start([{ isolation: 'thread', timeoutMs: 200, sessions: 4 }]);
  try {
    // 80 decryptions in a second, of which twice as many are asked for.
    proxy.module().inject({ on: 'C_Decrypt', does: 'delay', milliseconds: 50 });
    const asked: Promise<string>[] = [];
    for (let count = 0; count < 640; count += 1) {
      const answer = proxy.ask(proxy.key.decryptProbe());
      asked.push(answer.then(({ status, body }) => (status === 200 ? 'ok' : (body['errorName'] as string))));
      await sleep(6);
    }
    const tally = Object.groupBy(await Promise.all(asked), (name) => name);
    const counts = Object.fromEntries(Object.entries(tally).map(([name, each]) => [name, each?.length ?? 0]));
    expect(counts['ok']).toBeGreaterThan(160);
    expect(counts['ThrottlingException']).toBeGreaterThan(counts['DependencyTimeoutException'] ?? 0);
    expect(await proxy.health()).not.toBe('InternalException');
  } finally {
    await proxy.dispose();
  }
});

it('an HSM that fails of one kind of requests is DEGRADED, and its state does not flap', async () => {
  const proxy = await FaultyProxy.start([{}, {}]);
  try {
    // Beyond the length of what the health check encrypts.
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
