import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { LoggedProgram } from '../support/loggedProgram.ts';
import { runProgram } from '../support/runProgram.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import { PREFIX } from '../support/signedRequest.ts';
import { blocksOfOwnTests, passExample } from '../support/vitestExample.ts';

const ROOT = join(import.meta.dirname, '../..');
const CEDAR = '@cedar-policy/cedar-wasm';
const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-npm-'));
const project = join(folder, 'project');
const program = join(project, 'node_modules/.bin/xks-proxy');
// This PATH has Node.js, npm and a shell, and no compiler.
const bin = join(folder, 'bin');
const env = { PATH: bin, HOME: folder };

beforeAll(async () => {
  mkdirSync(bin);
  mkdirSync(project);
  const node = dirname(process.execPath);
  const places = [join(ROOT, '.node/bin'), node, '/usr/bin', '/bin'];
  for (const name of ['node', 'npm', 'sh', 'env']) {
    const file = places.map((place) => join(place, name)).find((path) => existsSync(path));
    if (file) symlinkSync(realpathSync(file), join(bin, name));
  }
  // Without prepack, which would build dist/ again under the tests that run it.
  const pack = ['npm', 'pack', '--ignore-scripts', '--pack-destination', folder] as const;
  const packages = ['.', `./node_modules/${CEDAR}`, './node_modules/pkcs11js'];
  const packed = await runProgram([...pack, ...packages], { env: process.env, cwd: ROOT });
  expect(packed).toMatchObject({ exitCode: 0 });
  // The dependencies are tarballs too, so that npm needs no network.
  const tarball = (name: string) => `file:${globSync(join(folder, `${name}-[0-9]*.tgz`))[0] ?? ''}`;
  const dependencies = { 'xks-proxy': tarball('xks-proxy'), [CEDAR]: tarball('cedar-policy-cedar-wasm') };
  const optionalDependencies = { pkcs11js: tarball('pkcs11js') };
  writeFileSync(join(project, 'package.json'), JSON.stringify({ dependencies, optionalDependencies }));
  const install = ['npm', 'install', '--offline', '--no-audit', '--no-fund'] as const;
  expect(await runProgram(install, { env, cwd: project })).toMatchObject({ exitCode: 0 });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it('installs one other package without a compiler, and has neither sources nor source maps', () => {
  const installed = globSync('node_modules/{*,@*/*}/package.json', { cwd: project }).map(dirname);
  expect(installed.sort()).toEqual([`node_modules/${CEDAR}`, 'node_modules/xks-proxy']);
  const files = readFileSync(join(project, 'node_modules/.package-lock.json'), 'utf8');
  expect(files).toContain('xks-proxy');
  const others = globSync('node_modules/xks-proxy/**/*.*', { cwd: project }).filter(
    (file) => !/\.(js|json|md|yaml|cedar)$|\/licenses\.txt$/.test(file),
  );
  expect(others).toEqual([]);
});

it('has a local KMS that works with the AWS SDK', async () => {
  const state = join(folder, 'kms.db');
  const kms = new LoggedProgram([program, 'kms', 'serve', '--port', '0', '--state', state], { env, cwd: project });
  onTestFinished(() => kms.kill());
  const { port } = await kms.logged({ msg: 'listening' });
  const credentials = { accessKeyId: 'TEST', secretAccessKey: 'any' };
  const client = new KMSClient({ region: 'us-east-1', endpoint: `http://127.0.0.1:${String(port)}`, credentials });
  expect((await client.send(new ListKeysCommand())).Keys).toEqual([]);
  client.destroy();
});

it('has the local KMS of the fixture in docs/local-kms.md', async () => {
  const [, example = '', fixture = ''] = blocksOfOwnTests('ts');
  await passExample(fixture, example, { ...env, PATH: `${dirname(program)}:${bin}` });
});

it('checks a proxy with the conformance suite', async () => {
  const proxy = await RunningProxy.start(new ProxyFiles());
  onTestFinished(() => proxy.dispose());
  const { files, port } = proxy;
  const [{ accessKeyId, secretAccessKey }] = files.credentials;
  const target = [
    ...['--endpoint', `https://localhost:${port}`, '--ca', files.caFile, '--uri-path', `${PREFIX}/kms/xks/v1`],
    ...['--access-key-id', accessKeyId, '--secret-file', files.writeSecret('for-npm', secretAccessKey.reveal()).file],
    ...['--key', 'foo', '--only', 'encrypt', '--requests', '0'],
  ];
  const outcome = await runProgram([program, 'conformance', ...target], { env, cwd: project });
  expect(outcome).toMatchObject({ exitCode: 0 });
});

describe('without the PKCS#11 addon', () => {
  async function saidBy(command: string): Promise<string> {
    const files = new ProxyFiles();
    onTestFinished(() => {
      files.dispose();
    });
    const args = [...command.split(' '), '--config', files.configFile];
    const { exitCode, stdout, stderr } = await runProgram([program, ...args], { env, cwd: project, limitMs: 60_000 });
    expect(exitCode).not.toBe(0);
    return stdout + stderr;
  }

  it.each(['doctor', 'key list', 'serve'])('%s says how to install it', async (command) => {
    const said = await saidBy(command);
    expect(said).toContain('npm package pkcs11js, which is not installed here');
    expect(said).toContain('`npm install pkcs11js --foreground-scripts`');
  });

  it('says how to compile it if it is installed, as after `npm ci --ignore-scripts`', async () => {
    const installed = join(project, 'node_modules/pkcs11js');
    cpSync(join(ROOT, 'node_modules/pkcs11js'), installed, {
      recursive: true,
      filter: (path) => !path.endsWith('/build'),
    });
    onTestFinished(() => {
      rmSync(installed, { recursive: true });
    });
    const said = await saidBy('key list');
    expect(said).toContain('npm package pkcs11js, which is not compiled here');
    expect(said).toContain('`npm rebuild pkcs11js --foreground-scripts`');
  });
});
