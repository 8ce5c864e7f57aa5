import { generateKeyPairSync } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { newAuditKey } from '../../../src/audit/format/auditKey.ts';
import { loadConfig, type LoadedConfig } from '../../../src/config/loadConfig.ts';
import { describeChanges } from '../../../src/config/describeChanges.ts';
import { ConfigError } from '../../../src/config/problems/problem.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const KEY = newAuditKey();
const FILES = {
  'audit.key': KEY,
  'module.so': 'not loaded here',
  secret: `${'s'.repeat(43)}\n`,
  'rsa.key': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
};
const AUDIT = { directory: 'audit', origin: 'xks.example.com/proxy-1', key: { file: 'audit.key' } };

function load(sections: object, env: Record<string, string> = {}): LoadedConfig {
  const config = {
    server: { regions: ['us-east-1'], insecureHttp: true },
    keyManagers: [
      { name: 'hsm', pkcs11: { module: 'module.so', token: { label: 'xks-proxy' }, pin: { file: 'secret' } } },
    ],
    keyStores: [{ name: 'example', uriPathPrefix: '/example', keyManagers: ['hsm'], credentials: [], keys: [] }],
    ...sections,
  };
  const files = Object.fromEntries(Object.entries(FILES).map(([name, text]) => [name, text.toString()]));
  const folder = temporaryFolder({ ...files, 'config.yaml': stringify(config) });
  return loadConfig(join(folder, 'config.yaml'), env);
}

function problemsOf(sections: object): string[] {
  try {
    load(sections);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(error.message).not.toContain('PRIVATE KEY');
    return error.problems.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

it('the audit section is filled with defaults', () => {
  const { audit } = load({ audit: AUDIT }).config;
  expect(audit).toMatchObject({
    directory: expect.stringMatching(/\/audit$/) as string,
    origin: 'xks.example.com/proxy-1',
    sync: 'interval',
    checkpointSeconds: 1,
    segmentRecords: 250_000,
    onFailure: 'refuse',
  });
  expect(audit?.key.reveal()).toBe(KEY.trimEnd());
});

it('${HOSTNAME} in the origin becomes the name of the host, and a variable may hold the whole origin', () => {
  const origin = 'xks.example.com/${HOSTNAME}';
  expect(load({ audit: { ...AUDIT, origin } }).config.audit?.origin).toBe(`xks.example.com/${hostname()}`);
  const fromEnv = load({ audit: { ...AUDIT, origin: { env: 'ORIGIN' } } }, { ORIGIN: 'pod-7' });
  expect(fromEnv.config.audit?.origin).toBe('pod-7');
});

it('every change of the audit section needs a restart', () => {
  const before = load({ audit: AUDIT }).config;
  for (const audit of [undefined, { ...AUDIT, origin: 'another' }, { ...AUDIT, sync: 'never' }]) {
    const changes = describeChanges(before, load({ audit }).config).filter(({ path: [, key] }) => key !== 'directory');
    expect(changes.filter(({ path: [section] }) => section === 'audit')).not.toEqual([]);
    expect(changes.filter(({ path: [section], needsRestart }) => section === 'audit' && !needsRestart)).toEqual([]);
  }
});

describe('problems', () => {
  it.each<[string, object, RegExp]>([
    ['a blank in the origin', { audit: { ...AUDIT, origin: 'my proxy' } }, /^audit\.origin: must be 1 to 200/],
    ['a plus in the origin', { audit: { ...AUDIT, origin: 'a+b' } }, /^audit\.origin: must be 1 to 200/],
    [
      'a variable that is not set',
      { audit: { ...AUDIT, origin: { env: 'NO' } } },
      /^audit\.origin: names .* NO, which/,
    ],
    ['no key', { audit: { ...AUDIT, key: { file: 'secret' } } }, /^audit\.key: must be a PEM file with an Ed25519/],
    ['a key of another kind', { audit: { ...AUDIT, key: { file: 'rsa.key' } } }, /^audit\.key: must be .*, not rsa/],
    [
      'a file as directory',
      { audit: { ...AUDIT, directory: 'secret' } },
      /^audit\.directory: names .* not a directory/,
    ],
    ['a file above it', { audit: { ...AUDIT, directory: 'secret/x' } }, /^audit\.directory: names .* not a directory/],
    ['another sync', { audit: { ...AUDIT, sync: 'sometimes' } }, /^audit\.sync: /],
    ['no records at all', { log: { requests: 'failures' } }, /^log\.requests: is failures without audit/],
  ])('%s', (_what, sections, pattern) => {
    expect(problemsOf(sections)).toContainEqual(expect.stringMatching(pattern));
  });

  it('with an audit log, the log stream may hold only failures', () => {
    expect(load({ audit: AUDIT, log: { requests: 'failures' } }).config.log.requests).toBe('failures');
  });
});
