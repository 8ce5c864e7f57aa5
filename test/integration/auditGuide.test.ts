import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { curlArguments, type SignedPost } from '../../local/curlCommand.ts';
import { encryptAndDecrypt, encryptRequest } from '../../local/firstRequests.ts';
import { KEY, REGION } from '../../local/localConfig.ts';
import { setUpLocal } from '../../local/setUp.ts';
import { xksProxyUriPath } from '../../src/xks/path.ts';
import { LoggedProgram } from '../support/loggedProgram.ts';
import { runProgram } from '../support/runProgram.ts';
import { ENVIRONMENT } from '../support/startTestProgram.ts';

const ROOT = join(import.meta.dirname, '../..');
const guide = readFileSync(join(ROOT, 'docs/audit.md'), 'utf8');

// Stand-ins for programs that are not installed here. `aws` prints the contents of a file with its command's name.
const PRELUDE = `
set -euo pipefail
make() { :; }
go() { :; }
aws() { [ ! -e "aws-$1.json" ] || cat "aws-$1.json"; }
npx() { "$@"; }
xks-proxy() { node dist/main.js "$@"; }
DIR=local/made/audit
`;

// Its scripts need GNU's tar and coreutils; toolchain/system-packages.sh installs the other tools.
const canRun = process.platform === 'linux';

/** The commands of the guide, block by block, with their output. */
const said = new Map<string, string>();

beforeAll(async () => {
  if (!canRun) return;
  const checkout = mkdtempSync(join(tmpdir(), 'xks-proxy-guide-'));
  for (const folder of ['dist', 'test']) symlinkSync(join(ROOT, folder), join(checkout, folder));
  mkdirSync(join(checkout, 'bin'));
  symlinkSync(process.execPath, join(checkout, 'bin/node'));
  const main = join(checkout, 'dist/main.js');
  const setUp = setUpLocal(checkout, { main, host: '127.0.0.1', port: 0, env: ENVIRONMENT });
  const proxy = new LoggedProgram([process.execPath, main, 'serve', '--config', setUp.configFile], { env: setUp.env });
  try {
    const { port } = await proxy.logged({ msg: 'listening' });
    const keyUrl = `https://localhost:${String(port)}${xksProxyUriPath(setUp.uriPathPrefix)}/keys/${KEY}`;
    const signing = { caFile: setUp.caFile, region: REGION, credential: setUp.credential };
    await encryptAndDecrypt(keyUrl, signing);
    const request = encryptRequest(keyUrl, signing);
    const wanted = { ...request.body, ciphertextDataIntegrityValueAlgorithm: 'SHA_256' };
    writeParts(checkout, JSON.parse(await send({ ...request, body: wanted })) as Readonly<Record<string, string>>);
    // Records of the start, the checkpoint of the commands before it, and the three requests.
    await proxy.logged({ msg: 'audit checkpoint', size: 5 });
    writeOutside(checkout, proxy.output.split('\n').slice(0, -1));
    for (const [, indent = '', block = ''] of guide.matchAll(/^( *)```(?:sh|bash)\n(.*?)^ *```$/gms)) {
      const commands = block.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
      said.set(commands, await bash(commands, checkout));
    }
  } finally {
    proxy.signal('SIGTERM');
    await proxy.exitCode;
    rmSync(checkout, { recursive: true });
  }
}, 120_000);

/** The guide's input from outside: the log stream, and the answers of AWS. */
function writeOutside(checkout: string, lines: readonly string[]): void {
  const files = {
    'stream.ndjson': `${lines.join('\n')}\n`,
    'aws-logs.json': JSON.stringify(lines.filter((line) => line.includes('"audit checkpoint"'))),
    'aws-cloudtrail.json': JSON.stringify([
      JSON.stringify({ requestID: 'unknown', userIdentity: { arn: 'arn:aws:iam::123456789012:user/Bob' } }),
    ]),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(checkout, name), text);
}

/** The parts of a ciphertext, with the guide's names. */
function writeParts(checkout: string, answer: Readonly<Record<string, string>>): void {
  const parts = {
    iv: answer['initializationVector'],
    ciphertext: answer['ciphertext'],
    tag: answer['authenticationTag'],
  };
  for (const [name, text = ''] of Object.entries({ aad: '', metadata: '', ...parts })) {
    writeFileSync(join(checkout, name), Buffer.from(text, 'base64'));
  }
}

async function send(request: SignedPost): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram(['curl', ...curlArguments(request)]);
  expect(exitCode, stderr).toBe(0);
  return stdout;
}

async function bash(commands: string, cwd: string): Promise<string> {
  const env = { PATH: `${join(cwd, 'bin')}:${ENVIRONMENT['PATH'] ?? ''}` };
  const { exitCode, stdout, stderr } = await runProgram(['bash', '-c', PRELUDE + commands], { cwd, env });
  expect(exitCode, `${commands}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** The output of the block with this command. */
function saidBy(command: string): string {
  const [found, ...others] = [...said].filter(([block]) => block.includes(command));
  if (!found || others.length > 0) throw new Error(`${others.length + 1} blocks of the guide have: ${command}`);
  return found[1];
}

describe.runIf(canRun)('docs/audit.md', () => {
  it('verifies the log with our command', () => {
    expect(saidBy('audit verify $DIR --vkey audit.vkeys')).toContain('\nGood: all 2 logs are as written.\n');
    expect(saidBy('audit verify --proof')).toContain('"operation":"Encrypt"');
  });

  it('verifies the log with other tools, and by hand', () => {
    expect(JSON.parse(saidBy('test/audit/verify.py'))).toMatchObject({ problems: [] });
    const [, , root, ...rest] = saidBy('openssl pkeyutl -verify').split('\n');
    expect(rest.slice(-3)).toEqual(['Signature Verified Successfully', root, '']);
  });

  it('makes verifier keys for other names', () => {
    expect(saidBy('name in xks.example.com/proxy-1/w3')).toMatch(
      /^xks\.example\.com\/proxy-1\/w3\+[0-9a-f]{8}\+A\S{43}\n\S+\/w4\+[0-9a-f]{8}\+A\S{43}\n$/,
    );
  });

  it('answers who did what', () => {
    const [decrypt, encrypt] = [' Decrypt foo foo arn:aws:iam::123456789012:user/Alice success', '"act":"key create"'];
    expect(saidBy('Who decrypted with the key foo')).toContain(decrypt);
    expect(saidBy('Who decrypted with the key foo')).toContain(encrypt);
    expect(saidBy('How many requests of each principal')).toMatch(
      / 2 arn:aws:iam::123456789012:user\/Alice Encrypt success$/m,
    );
    expect(saidBy('Each call with its records')).toBe('unknown\tarn:aws:iam::123456789012:user/Bob\t\tno record\n');
    expect(saidBy('audit query --key-version foo')).toBe('2\n');
  });

  it('finds the record of a given ciphertext', () => {
    expect(JSON.parse(saidBy('$CDIV'))).toMatchObject({ operation: 'Encrypt', externalKeyId: 'foo' });
  });

  it('ships a copy that can be verified, and prunes no recent records', () => {
    expect(saidBy('COPY=copied')).toContain('\nGood: all 2 logs are as written.\n');
    expect(saidBy('audit prune $DIR --keep-days 400 --dry-run')).toMatch(/^(Nothing to do: .*\n){2}$/);
  });
});
