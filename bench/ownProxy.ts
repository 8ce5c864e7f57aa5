import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { initializeToken, setUpSoftHsm, TOKEN_LABEL } from '../softhsm/setUp.ts';
import { newCredential } from '../src/sigv4/newCredential.ts';
import { xksProxyUriPath } from '../src/xks/path.ts';
import { startProxyProcess } from './proxyProcess.ts';
import type { Target } from './target.ts';

const REGION = 'us-east-1';

/**
 * Our proxy in a process of its own, over a SoftHSM token that is gone afterwards. `settings`: sections of its configuration beside
 * the defaults; files that they name are in `files`.
 */
export async function startOwnProxy(
  name = 'xks-proxy',
  settings: object = {},
  files: Readonly<Record<string, string>> = {},
): Promise<{ target: Target; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-bench-'));
  const softHsm = setUpSoftHsm(folder);
  initializeToken(softHsm, TOKEN_LABEL);
  const { accessKeyId, secretAccessKey } = newCredential();
  writeFileSync(join(folder, 'secret'), secretAccessKey.reveal(), { mode: 0o600 });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text, { mode: 0o600 });
  const config = join(folder, 'config.yaml');
  writeFileSync(
    config,
    stringify({
      ...settings,
      server: { host: '127.0.0.1', port: 0, regions: [REGION], insecureHttp: true },
      keyManagers: [
        {
          name: 'softhsm',
          pkcs11: { module: softHsm.module, token: { label: TOKEN_LABEL }, pin: { file: softHsm.pinFile } },
        },
      ],
      keyStores: [
        {
          name: 'bench',
          uriPathPrefix: '/bench',
          keyManagers: ['softhsm'],
          credentials: [{ accessKeyId, secretAccessKey: { file: 'secret' } }],
          // The key that the proxy makes for itself serves as well.
          keys: [{ id: 'bench', label: 'xks-health' }],
        },
      ],
    }),
  );
  const proxy = await startProxyProcess(config, softHsm.env);
  const target = {
    name,
    endpoint: `http://127.0.0.1:${proxy.port}`,
    uriPath: xksProxyUriPath('/bench'),
    region: REGION,
    accessKeyId,
    secretAccessKey: secretAccessKey.reveal(),
    key: 'bench',
    pid: proxy.pid,
  };
  const stop = async () => {
    await proxy.stop();
    rmSync(folder, { recursive: true });
  };
  return { target, stop };
}
