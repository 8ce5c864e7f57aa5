import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { Command, CommanderError } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CommandFailure } from '../../src/commands/cli.ts';
import { conformanceCommand } from '../../src/commands/conformance.ts';
import { testCertificates } from '../support/certificates.ts';
import { startFakeXksProxy, type FakeXksProxy } from '../support/fakeXksProxy.ts';
import type { Steps } from '../support/fakeXksProxySteps.ts';
import { answers } from './faultySteps.ts';

let fake: FakeXksProxy;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'conformance-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await fake.close();
});

/**
 * Runs the command with the fake proxy's options, then `more`. Resolves to what it prints and the error that it throws.
 */
async function conformance(more: readonly string[], { interactive = false, stopped = false } = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const cli = {
    env: {},
    defaultConfigFile: '/nowhere/config.yaml',
    out: (text: string) => out.push(text),
    err: (text: string) => err.push(text),
    redraw: (text = '') => err.push(`redrawn: ${text}`),
    prompts: { input: Readable.from([]), output: new PassThrough() },
    interactive,
    sizeThreadPool: () => undefined,
    abort: (message: string) => {
      throw new Error(message);
    },
    onHangup: () => undefined,
    logDescriptor: 1,
    program: ['unused'] as const,
    cores: 1,
    parent: undefined,
    supervisor: undefined,
    stop: stopped ? AbortSignal.abort() : new AbortController().signal,
  };
  const { endpoint, keyStore } = fake.target;
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, `${keyStore.credential.secretAccessKey.reveal()}\n`);
  const program = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  program.addCommand(conformanceCommand(cli).copyInheritedSettings(program));
  const target = {
    '--endpoint': endpoint.url.origin,
    '--uri-path': keyStore.uriPath,
    '--access-key-id': keyStore.credential.accessKeyId,
    '--secret-file': secretFile,
    '--key': keyStore.keyId,
    '--resolve': `localhost=127.0.0.1:${endpoint.url.port}`,
  };
  const failure = await program
    .parseAsync(['conformance', ...Object.entries(target).flat(), ...more], { from: 'user' })
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  return { out: out.join('\n'), err, failure };
}

async function start(steps: Partial<Steps> = {}): Promise<void> {
  fake = await startFakeXksProxy(steps);
}

it('prints text, and writes JSON and HTML reports', async () => {
  await start();
  const [json, html] = [join(folder, 'report.json'), join(folder, 'report.html')];
  const { out, err, failure } = await conformance([
    '--only',
    'health',
    '--requests',
    '3',
    '--json',
    json,
    '--html',
    html,
  ]);
  expect(failure).toBeUndefined();
  expect(out).toContain('GetHealthStatus');
  expect(out).toContain('  pass  MUST    health-fleet-size:');
  expect(out).toMatch(/operation +requests +failed +p50 +p99 +max +over 250 ms\nhealth +3 +0 /);
  expect(out).toContain('The proxy passes every MUST case that was run.');
  expect(err).toEqual(['health', 'timing health', 'timing metadata', 'timing encrypt', 'timing decrypt']);
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
    target: { uriPath: '/first/kms/xks/v1', keyId: 'foo' },
    sections: [{ name: 'health' }],
  });
  const page = readFileSync(html, 'utf8');
  expect(page).toContain('<!doctype html>');
  const secret = fake.target.keyStore.credential.secretAccessKey.reveal();
  for (const text of [out, page, readFileSync(json, 'utf8')]) expect(text).not.toContain(secret);
});

it('prints only JSON when the JSON goes to standard output', async () => {
  await start();
  const { out } = await conformance(['--only', 'key-metadata', '--requests', '0', '--json']);
  expect(JSON.parse(out)).toMatchObject({ sections: [{ name: 'key-metadata' }], timings: [] });
});

it('runs each section that --only names', async () => {
  await start();
  const { out } = await conformance(['--only', 'key-metadata', '--only', 'health', '--requests', '0', '--json']);
  expect(JSON.parse(out)).toMatchObject({ sections: [{ name: 'health' }, { name: 'key-metadata' }] });
});

it('redraws one progress line on a terminal', async () => {
  await start();
  const { err } = await conformance(['--only', 'key-metadata', '--requests', '0'], { interactive: true });
  expect(err).toEqual([
    'key-metadata: case 1 of 3',
    'redrawn: key-metadata: case 2 of 3',
    'redrawn: key-metadata: case 3 of 3',
  ]);
});

it('fails when a MUST fails, and prints what was sent, expected and received', async () => {
  await start(answers('metadata', { keySpec: '\x1b[31mRSA_0' }));
  const { out, failure } = await conformance(['--only', 'key-metadata', '--requests', '0']);
  expect(failure).toEqual(new CommandFailure('MUST cases that fail: 1'));
  expect(out).toMatch(/FAIL {2}MUST {4}key-spec: .*\n +sent +POST .*\n +expected +keySpec AES_256.*\n +got +keySpec /);
  expect(out).not.toContain('\x1b');
});

it('succeeds when only a SHOULD fails', async () => {
  await start(answers('health', { xksProxyModel: 'fake' }));
  const { out, failure } = await conformance(['--only', 'health', '--requests', '0']);
  expect(failure).toBeUndefined();
  expect(out).toContain('FAIL  SHOULD  health-model-version');
});

it('tests keys with restricted usages through the options that name them', async () => {
  await start();
  const keys = ['--encrypt-only-key', 'encrypt-only', '--no-usage-key', 'no-usage', '--blocked-key', 'blocked'];
  const { out } = await conformance(['--only', 'key-usage', '--requests', '0', ...keys]);
  expect(out).toContain('  pass  MUST    noUsage-encrypt');
  expect(out).toContain('needs --decrypt-only-key');
});

it('reports that the proxy cannot be reached', async () => {
  await start();
  await fake.close();
  const { failure } = await conformance([]);
  expect(failure).toEqual(
    new CommandFailure(`${fake.target.endpoint.url.origin} cannot be reached: connection refused`),
  );
});

it('names the other scheme if the proxy has TLS and the endpoint does not, or the reverse', async () => {
  await start();
  const http = fake.target.endpoint.url.origin;
  const https = http.replace('http:', 'https:');
  expect((await conformance(['--endpoint', https])).failure).toEqual(
    new CommandFailure(`${https} cannot be reached: TLS failure: wrong version number; if it has no TLS, give http://`),
  );
  await fake.close();
  const { certificate, privateKey } = testCertificates.server;
  fake = await startFakeXksProxy({}, { cert: certificate, key: privateKey });
  const plain = fake.target.endpoint.url.origin.replace('https:', 'http:');
  expect((await conformance(['--endpoint', plain])).failure).toEqual(
    new CommandFailure(`${plain} cannot be reached: connection closed without an answer; if it has TLS, give https://`),
  );
});

it('leaves no empty report, and keeps an older one and a link, when there is nothing to report', async () => {
  await start();
  await fake.close();
  const [old, link] = [join(folder, 'old.html'), join(folder, 'link.html')];
  writeFileSync(old, 'the report of yesterday');
  symlinkSync('missing.html', link);
  for (const html of [join(folder, 'new.html'), old, link]) {
    await conformance(['--html', html, '--json', join(folder, 'new.json')]);
  }
  expect(readdirSync(folder).sort()).toEqual(['link.html', 'old.html', 'secret']);
  expect(readFileSync(old, 'utf8')).toBe('the report of yesterday');
  const { failure } = await conformance(['--html', join(folder, 'none', 'new.html')]);
  expect(failure).toEqual(new CommandFailure(`${join(folder, 'none', 'new.html')} cannot be written: ENOENT`));
});

it('stops when its signal is aborted', async () => {
  await start();
  const { failure } = await conformance([], { stopped: true });
  expect(failure).toEqual(new CommandFailure('Stopped.'));
});

it.each([
  ['--ca', ['--ca', 'FILE']],
  ['--client-cert', ['--client-cert', 'FILE', '--client-key', 'FILE']],
])('refuses certificates of %s that are not separated, as a usage error', async (option, args) => {
  await start();
  const file = join(folder, 'glued.pem');
  const pem = testCertificates.ca.certificate.trim();
  writeFileSync(file, pem + pem);
  const { failure } = await conformance(args.map((arg) => (arg === 'FILE' ? file : arg)));
  expect(failure).toBeInstanceOf(CommanderError);
  expect((failure as CommanderError).message).toMatch(
    new RegExp(`error: ${option} cannot be used: ${file}: line \\d+: .* two boundaries on one line`),
  );
});

it.each([
  ['an endpoint with a path', ['--endpoint', 'https://localhost/kms'], '--endpoint must be https://host[:port]'],
  ['an endpoint that is no URL', ['--endpoint', 'localhost'], '--endpoint must be https://host[:port]'],
  ['a URI path without its end', ['--uri-path', '/first'], '--uri-path must be [/<prefix>]/kms/xks/v1'],
  ['a secret file that does not exist', ['--secret-file', '/nowhere/secret'], 'cannot be read'],
  ['half a client certificate', ['--client-cert', 'x.pem'], '--client-cert and --client-key go together'],
  ['half a second key store', ['--second-key', 'bar'], 'go together'],
  ['another name to resolve', ['--resolve', 'other=127.0.0.1:1'], '--resolve must be localhost=host:port'],
  ['too many requests', ['--requests', '1000000'], 'a number from 0 to'],
  ['an unknown section', ['--only', 'everything'], 'Allowed choices are'],
])('refuses %s as a usage error', async (_title, more, message) => {
  await start();
  const { failure } = await conformance(more);
  expect(failure).toBeInstanceOf(CommanderError);
  expect((failure as CommanderError).exitCode).not.toBe(0);
  expect((failure as CommanderError).message).toContain(message);
});
