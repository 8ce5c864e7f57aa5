import { randomBytes } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExposition } from '../support/exposition.ts';
import { keyPath, requestMetadata } from '../support/messages.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';

const EXTRACTABLE = { type: pkcs11js.CKA_EXTRACTABLE, value: true };
const IN_THE_CLEAR = { type: pkcs11js.CKA_SENSITIVE, value: false };

// All keys that are not imported here have the protection that `key create` gives.
let proxy: RunningProxy;
let port: unknown;

beforeAll(async () => {
  const files = new ProxyFiles({ tls: false });
  const unprotected = { wrappable: [EXTRACTABLE], readable: [IN_THE_CLEAR], open: [EXTRACTABLE, IN_THE_CLEAR] };
  for (const [label, attributes] of Object.entries(unprotected)) {
    files.softHsm.importKey(label, randomBytes(32), attributes);
  }
  files.softHsm.importKey('well', randomBytes(32), [{ type: pkcs11js.CKA_EXTRACTABLE, value: false }]);
  files.writeConfig(withKeys(files, []));
  proxy = await RunningProxy.start(files);
  ({ port } = await proxy.logged({ msg: 'monitoring listens' }));
});

afterAll(() => proxy.dispose());

/** A configuration with one key store, which has these keys and three others. */
function withKeys({ config }: ProxyFiles, keys: readonly object[]): object {
  const [store] = config.keyStores;
  const served = [
    { id: 'old', versions: [{ label: 'open' }, { label: 'well' }] },
    { id: 'readable' },
    { id: 'well-too', label: 'well' },
    ...keys,
  ];
  return { ...config, monitoring: { port: 0 }, keyStores: [{ ...store, keys: served }] };
}

function reports() {
  return proxy.log
    .filter(({ msg }) => String(msg).startsWith('the HSM does not protect the key'))
    .map(({ level, keyStore, keyManager, externalKeyId, keyVersion, problems }) => {
      expect({ level, keyStore, keyManager }).toEqual({ level: 'error', keyStore: 'first', keyManager: 'softhsm' });
      return { externalKeyId, keyVersion, problems };
    });
}

async function series() {
  const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
  const samples = parseExposition(await response.text());
  return samples
    .filter(({ name }) => name === 'xks_proxy_key_unprotected')
    .map(({ labels: { process: _, ...labels }, value }) => ({ ...labels, value }));
}

function seriesOf(external_key_id: string, key_version: string, problem: string) {
  return { key_store: 'first', external_key_id, key_version, key_manager: 'softhsm', problem, value: 1 };
}

const AT_THE_START = [
  seriesOf('old', 'open', 'extractable'),
  seriesOf('old', 'open', 'not_sensitive'),
  seriesOf('readable', 'readable', 'not_sensitive'),
];

describe('keys that the HSM does not protect', () => {
  it('are reported at the start, each once, and have a metric', async () => {
    const expected = [
      { externalKeyId: 'old', keyVersion: 'open', problems: ['extractable', 'not_sensitive'] },
      { externalKeyId: 'readable', keyVersion: 'readable', problems: ['not_sensitive'] },
    ];
    await expect.poll(() => reports().slice(0, 2)).toEqual(expected);
    expect(await series()).toEqual(AT_THE_START);
  });

  it('are described to KMS like all other keys', async () => {
    const { body } = await proxy.post(keyPath('readable', 'metadata'), { requestMetadata });
    expect(Object.keys(body).sort()).toEqual(['keySpec', 'keyStatus', 'keyUsage']);
  });

  it('are reported when a reload adds them, and lose their metric when a reload removes them', async () => {
    await expect.poll(reports).toHaveLength(2);
    proxy.files.writeConfig(withKeys(proxy.files, [{ id: 'wrappable' }]));
    proxy.signal('SIGHUP');
    const added = { externalKeyId: 'wrappable', keyVersion: 'wrappable', problems: ['extractable'] };
    await expect.poll(reports).toHaveLength(3);
    expect(reports().at(-1)).toEqual(added);
    const all = [...AT_THE_START, seriesOf('wrappable', 'wrappable', 'extractable')];
    await expect.poll(series).toEqual(all);

    proxy.files.writeConfig(withKeys(proxy.files, []));
    proxy.signal('SIGHUP');
    await expect.poll(series).toEqual(AT_THE_START);
    expect(reports()).toHaveLength(3);
  });
});
