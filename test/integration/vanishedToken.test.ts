import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encryptBody, healthMetadata, paths } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

describe.each(['none', 'thread'] as const)(
  'if the files of SoftHSM are missing for a while (isolation: %s), the proxy',
  (isolation) => {
    let proxy: RunningProxy;
    let files: ProxyFiles;

    beforeAll(async () => {
      files = new ProxyFiles({ tls: false });
      const [{ name, pkcs11 } = {}] = files.config.keyManagers;
      files.writeConfig({ ...files.config, keyManagers: [{ name, pkcs11: { ...pkcs11, isolation } }] });
      proxy = await RunningProxy.start(files);
    });

    afterAll(() => proxy.dispose());

    /** Sends a request; resolves to `ok` or the errorName. */
    async function ask(path = paths.encrypt, body: object = encryptBody): Promise<string> {
      const answer = await proxy.post(path, body);
      return answer.status === 200 ? 'ok' : String(answer.body['errorName']);
    }

    function allBack(): Promise<void> {
      return vi.waitFor(
        async () => {
          for (const path of [paths.encrypt, paths.metadata]) expect(await ask(path)).toBe('ok');
          expect(await ask(paths.health, { requestMetadata: healthMetadata })).toBe('ok');
        },
        { timeout: 60_000, interval: 100 },
      );
    }

    it('never reports a key as missing, and finds all keys again', async () => {
      await allBack();
      for (let time = 0; time < 2; time++) {
        const bringBack = files.softHsm.moveTokensAway();
        const outcomes = new Set<string>();
        const back = sleep(1_000).then(() => {
          bringBack();
          return true;
        });
        while (!(await Promise.race([back, sleep(5, false)]))) {
          outcomes.add(await ask()).add(await ask(paths.metadata, { requestMetadata: metadataOf(encryptBody) }));
        }
        expect(outcomes).toContain('InternalException');
        expect(outcomes).not.toContain('KeyNotFoundException');
        await allBack();
      }
    });

    it('makes the health key again if only this key is deleted', async () => {
      await allBack();
      files.softHsm.destroyKey('xks-health');
      await vi.waitFor(
        () => {
          expect(proxy.log.filter(({ msg }) => msg === 'created the health key')).toHaveLength(2);
        },
        { timeout: 100_000, interval: 200 },
      );
      await allBack();
    });
  },
);

function metadataOf({ requestMetadata }: { readonly requestMetadata: object }): object {
  return { ...requestMetadata, kmsOperation: 'DescribeKey' };
}
