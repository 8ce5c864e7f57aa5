import { expect, it } from 'vitest';
import { healthMetadata, paths } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

it('the health key is made once if proxies start on a new token at the same time', async () => {
  const files = new ProxyFiles({ tls: false });
  const started = await Promise.allSettled([1, 2, 3].map(() => RunningProxy.start(files)));
  const proxies = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  try {
    expect(proxies).toHaveLength(3);
    // The first check of one proxy may have found two keys; the next check comes within ten seconds.
    await expect
      .poll(
        async () => {
          const answers = proxies.map((proxy) => proxy.post(paths.health, { requestMetadata: healthMetadata }));
          return (await Promise.all(answers)).map(({ status }) => status);
        },
        { timeout: 60_000, interval: 500 },
      )
      .toEqual([200, 200, 200]);
    const made = proxies.flatMap(({ log }) => log).filter(({ msg }) => msg === 'created the health key');
    expect(made).toHaveLength(1);
  } finally {
    for (const proxy of proxies) proxy.signal('SIGTERM');
    await Promise.all(proxies.map(({ exitCode }) => exitCode));
    files.dispose();
  }
});
