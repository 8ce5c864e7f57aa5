import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { newAuditKey } from '../src/audit/format/auditKey.ts';
import { newCredential } from '../src/sigv4/newCredential.ts';
import { parseExposition, type Sample } from '../test/support/exposition.ts';
import { MAIN } from '../test/support/startTestProgram.ts';
import { freePort, startPeer, type RunningPeer } from './startPeer.ts';
import { KEY, PREFIX, REGION, type TestBed } from './testBed.ts';
import { until } from './until.ts';

export interface OwnProxyOptions {
  readonly workers?: number;
  /** Plain HTTP instead of HTTPS. */
  readonly insecureHttp?: boolean;
  /** Settings of `audit`; false for no audit log. */
  readonly audit?: object | false;
  /** Settings of the key manager in addition to its token and PIN. */
  readonly pkcs11?: object;
  /** Text of the policies; empty for none. */
  readonly policy?: string;
  /** Requests in a second. */
  readonly quota?: number;
  /** Keys and key stores in addition to the measured ones. */
  readonly moreKeys?: readonly string[];
  readonly moreKeyStores?: number;
}

export interface OwnProxy extends RunningPeer {
  readonly monitoringPort: number;
  /** Reads the metrics of the proxy. */
  metrics(): Promise<Sample[]>;
  /** Gives the proxy another configuration. Resolves when it is in force. */
  reload(options: OwnProxyOptions): Promise<void>;
}

export const POLICY = '@id("account")\npermit (principal in Account::"123456789012", action, resource);\n';

let started = 0;

/** Starts our proxy as users do, with everything on: a policy, metrics, the log and an audit log. */
export async function startOwnProxy(bed: TestBed, options: OwnProxyOptions = {}): Promise<OwnProxy> {
  const { workers = 1, insecureHttp = false } = options;
  started += 1;
  const folder = join(bed.folder, `xks-proxy-${started}`);
  mkdirSync(folder);
  const monitoringPort = await freePort();
  const configFile = join(folder, 'config.yaml');
  writeFileSync(join(folder, 'audit.key'), newAuditKey(), { mode: 0o600 });
  writeConfig(bed, folder, monitoringPort, options);
  const needed = workers === 1 ? 1 : workers + 1;
  const peer = await startPeer([MAIN, 'serve', '--config', configFile], folder, bed.env, (log) => {
    return log.split(/"msg":"(?:listening|a worker serves)"/).length > needed;
  });
  const port = Number(/"port":(\d+)[^\n]*"msg":"listening"/.exec(peer.log())?.[1]);
  const reload = async (changed: OwnProxyOptions): Promise<void> => {
    const from = peer.log().length;
    writeConfig(bed, folder, monitoringPort, changed);
    peer.signal('SIGHUP');
    await until('the configuration is reloaded', () => {
      const said = peer.log().slice(from);
      if (said.includes('is not reloaded')) throw new Error(`The proxy refused a configuration:\n${said}`);
      return said.includes('"msg":"the configuration was reloaded"');
    });
  };
  const metrics = async () => parseExposition(await (await fetch(`http://127.0.0.1:${monitoringPort}/metrics`)).text());
  const target = bed.targetAt(port, insecureHttp ? 'http' : 'https');
  return { ...peer, target, monitoringPort, metrics, reload };
}

function writeConfig(bed: TestBed, folder: string, monitoringPort: number, options: OwnProxyOptions): void {
  const { workers = 1, insecureHttp = false, audit = {}, pkcs11 = {}, policy = POLICY } = options;
  const { moreKeys = [], moreKeyStores = 0, quota = 1_000_000 } = options;
  const keyStore = (name: string, uriPathPrefix: string, accessKeyId: string, keys: readonly string[]) => ({
    name,
    uriPathPrefix,
    keyManagers: ['softhsm'],
    credentials: [{ accessKeyId, secretAccessKey: { file: '../secret' } }],
    keys: keys.map((id) => ({ id })),
    ...(policy !== '' && { policyFile: 'policy.cedar' }),
    quota: { requestsPerSecond: quota, burst: quota },
  });
  const config = {
    server: {
      host: '127.0.0.1',
      port: 0,
      regions: [REGION],
      workers,
      ...(insecureHttp ? { insecureHttp } : { tls: bed.tls }),
    },
    monitoring: { host: '127.0.0.1', port: monitoringPort },
    ...(audit !== false && { audit: { directory: 'audit', origin: 'bench', key: { file: 'audit.key' }, ...audit } }),
    keyManagers: [
      {
        name: 'softhsm',
        pkcs11: {
          module: bed.softHsm.module,
          token: { label: bed.softHsm.tokenLabel },
          pin: { file: '../pin' },
          ...pkcs11,
        },
      },
    ],
    keyStores: [
      keyStore('bench', PREFIX, bed.credential.accessKeyId, [KEY, ...moreKeys]),
      ...Array.from({ length: moreKeyStores }, (_, index) =>
        keyStore(`store-${index}`, `${PREFIX}/store-${index}`, newCredential().accessKeyId, [KEY]),
      ),
    ],
  };
  writeFileSync(join(folder, 'policy.cedar'), policy);
  writeFileSync(join(folder, 'config.yaml'), stringify(config));
}
