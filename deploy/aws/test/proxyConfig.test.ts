import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AUDIT_FOLDER, readProxyConfig } from '../lib/proxyConfig.ts';
import { CONFIG_FILE } from './givenContext.ts';

/** Reads config.yaml after a change, with more files beside it. */
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

function auditLog(directory: string, origin = '{ env: ECS_CONTAINER_METADATA_URI_V4 }'): string {
  return `audit: { directory: ${directory}, origin: ${origin}, key: { env: XKS_AUDIT_KEY } }\n# audit:`;
}

describe('a configuration is refused', () => {
  it.each([
    ['without PROXY protocol', 'enabled: true', 'enabled: false', /proxyProtocol.enabled|must be true/],
    ['that monitors for itself alone', 'host: 0.0.0.0 # for', 'host: 127.0.0.1 # for', /must be 0.0.0.0/],
    ['for one task', 'fleetSize: 2', 'fleetSize: 1', /at least 2/],
    ['that drains longer than Fargate waits', 'drainSeconds: 20', 'drainSeconds: 111', /drainSeconds/],
    ['that leaves the time to drain to a default', '  drainSeconds: 20\n', '', /drainSeconds/],
    ['on a privileged port', 'port: 8443', 'port: 443', /1023/],
    [
      'with a secret in a file',
      '{ env: XKS_HSM_PIN }',
      '{ file: pin }',
      /names the file pin for a secret, but tasks have no files/,
    ],
    ['with TLS files elsewhere', 'server.key', '../server.key', /privateKeyFile|beside the configuration/],
    ['with an audit log elsewhere', '# audit:', auditLog('/audit'), /must be \/var\/lib\/xks-proxy\/audit/],
    [
      'whose audit logs have one name in all tasks',
      '# audit:',
      auditLog(AUDIT_FOLDER, 'xks.example.com'),
      /each task has its own log/,
    ],
    ['too large for a task definition', '\nserver:', `\n# ${'x'.repeat(48 * 1024)}\nserver:`, /the maximum is 49152/],
  ])('%s', (_, from, to, message) => {
    expect(() => read((text) => text.replace(from, to))).toThrow(message);
  });
});

it('the key of the audit log comes from Secrets Manager, and the variable that Fargate sets does not', () => {
  const { hasAuditLog, secretNames } = read((text) => text.replace('# audit:', auditLog(AUDIT_FOLDER)));
  expect(hasAuditLog).toBe(true);
  expect(secretNames).toEqual(['XKS_AUDIT_KEY', 'XKS_HSM_PIN', 'XKS_EXAMPLE_SECRET']);
});

it('the deployment includes the public files that the configuration names', () => {
  const { files } = read(
    (text) => text.replace('privateKeyFile: server.key', '$&\n    clientAuth: { caFile: kms.pem, commonNames: [x] }'),
    { 'kms.pem': 'certificates' },
  );
  expect(Object.keys(files)).toEqual(['config.yaml', 'kms.pem']);
  expect(files['kms.pem']).toBe('certificates');
});

it('a file with an absolute name is expected in the image', () => {
  const { files } = read((text) =>
    text.replace('privateKeyFile: server.key', '$&\n    clientAuth: { caFile: /opt/kms.pem, commonNames: [x] }'),
  );
  expect(Object.keys(files)).toEqual(['config.yaml']);
});
