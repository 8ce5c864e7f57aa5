import { constants, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createCertificateAuthority, issueEcdsaServerCertificate } from '../certs/issueCertificate.ts';
import { writeKeyPair, type KeyPairFiles } from '../certs/generate.ts';
import { newCredential } from '../src/sigv4/newCredential.ts';
import type { Credential } from '../src/sigv4/credential.ts';
import { xksProxyUriPath } from '../src/xks/path.ts';
import type { Target } from '../src/xksClient/target.ts';
import { createSoftHsm, type SoftHsmFixture } from '../test/support/softHsm.ts';

export const REGION = 'us-east-1';
export const PREFIX = '/bench/prefix';
/** External key id and label in the HSM. */
export const KEY = 'bench';

/** Set-up of all measured proxies: a SoftHSM token with a key, a certificate and a credential. */
export interface TestBed {
  readonly folder: string;
  readonly softHsm: SoftHsmFixture;
  readonly tls: KeyPairFiles;
  readonly credential: Credential;
  /** Environment of programs over this token. */
  readonly env: Readonly<Record<string, string>>;
  /** The first `node` on its PATH. */
  readonly node: string;
  /** Returns the target for clients of a proxy of this bed. */
  targetAt(port: number, protocol?: 'https' | 'http'): Target;
  dispose(): void;
}

const DEADLINE_MS = 5_000;

/** Makes a test bed. With `sharesNode`, proxies run on the same file of Node.js as this process, not on a copy. */
export function createTestBed({ sharesNode = false } = {}): TestBed {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-bench-'));
  const softHsm = createSoftHsm();
  softHsm.importKey(KEY, Buffer.alloc(32, 7));
  const authority = createCertificateAuthority();
  const tls = writeKeyPair(folder, 'server', issueEcdsaServerCertificate(authority, 'P-256'));
  const credential = newCredential();
  writeFileSync(join(folder, 'secret'), credential.secretAccessKey.reveal(), { mode: 0o600 });
  writeFileSync(join(folder, 'pin'), softHsm.pin.reveal(), { mode: 0o600 });
  const node = sharesNode ? process.execPath : copyNode(folder);
  return {
    folder,
    softHsm,
    tls,
    credential,
    node,
    env: { ...softHsm.env, PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}` },
    targetAt: (port, protocol = 'https') => ({
      endpoint: {
        url: new URL(`${protocol}://localhost:${port}`),
        connectTo: { host: '127.0.0.1', port },
        tls: { ca: authority.certificate, cert: undefined, key: undefined },
        deadlineMs: DEADLINE_MS,
      },
      keyStore: { uriPath: xksProxyUriPath(PREFIX), credential, keyId: KEY },
      secondKeyStore: undefined,
      region: REGION,
      keys: { encryptOnly: undefined, decryptOnly: undefined, noUsage: undefined, blocked: undefined },
      principalArn: 'arn:aws:iam::123456789012:user/Alice',
      kmsKeyArn: `arn:aws:kms:${REGION}:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
      clock: Date.now,
    }),
    dispose: () => {
      softHsm.dispose();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Copies Node.js. If this process and a proxy shared its file, shared pages would count only in part in the proxy's PSS. */
function copyNode(folder: string): string {
  const node = join(folder, 'bin/node');
  mkdirSync(dirname(node));
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  return node;
}
