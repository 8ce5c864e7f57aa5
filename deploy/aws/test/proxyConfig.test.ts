import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readProxyConfig } from '../lib/proxyConfig.ts';
import { CONFIG_FILE } from './givenContext.ts';

/** config.yaml with a change, and files beside it. */
function read(change: (text: string) => string, files: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const text = readFileSync(CONFIG_FILE, 'utf8');
  expect(change(text)).not.toBe(text);
  for (const [name, content] of Object.entries({ ...files, 'proxy.yaml': change(text) })) {
    writeFileSync(join(folder, name), content);
  }
  return readProxyConfig(join(folder, 'proxy.yaml'));
}

describe('a configuration is refused', () => {
  it.each([
    ['without PROXY protocol', 'enabled: true', 'enabled: false', /proxyProtocol.enabled|must be true/],
    ['that monitors for itself alone', 'host: 0.0.0.0 # for', 'host: 127.0.0.1 # for', /must be 0.0.0.0/],
    ['for one task', 'fleetSize: 2', 'fleetSize: 1', /at least 2/],
    ['that drains longer than Fargate waits', 'drainSeconds: 20', 'drainSeconds: 111', /drainSeconds/],
    ['that leaves the time to drain to a default', '  drainSeconds: 20\n', '', /drainSeconds/],
    ['on a privileged port', 'port: 8443', 'port: 443', /1023/],
    ['with a secret in a file', '{ env: XKS_HSM_PIN }', '{ file: pin }', /file pin, which no task has/],
    ['with TLS files elsewhere', 'server.key', '../server.key', /privateKeyFile|beside the configuration/],
    ['too large for a task definition', '\nserver:', `\n# ${'x'.repeat(48 * 1024)}\nserver:`, /a task takes 49152/],
  ])('%s', (_, from, to, message) => {
    expect(() => read((text) => text.replace(from, to))).toThrow(message);
  });
});

it('brings the public files that the configuration names', () => {
  const { files } = read(
    (text) => text.replace('privateKeyFile: server.key', '$&\n    clientAuth: { caFile: kms.pem, commonNames: [x] }'),
    { 'kms.pem': 'certificates' },
  );
  expect(Object.keys(files)).toEqual(['config.yaml', 'kms.pem']);
  expect(files['kms.pem']).toBe('certificates');
});

it('leaves an absolute name to the image', () => {
  const { files } = read((text) =>
    text.replace('privateKeyFile: server.key', '$&\n    clientAuth: { caFile: /opt/kms.pem, commonNames: [x] }'),
  );
  expect(Object.keys(files)).toEqual(['config.yaml']);
});
