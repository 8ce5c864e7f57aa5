import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { newAuditKey } from '../../../src/audit/format/auditKey.ts';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { testCertificates } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

/** Reads the configuration of deploy/aws after a change. */
function load(change: (text: string) => string = (text) => text) {
  const text = change(readFileSync(new URL('../../../deploy/aws/config.yaml', import.meta.url), 'utf8'));
  const folder = temporaryFolder({
    'config.yaml': text.replace('/usr/safenet/lunaclient/lib/libCryptoki2_64.so', 'module.so'),
    'module.so': 'not loaded here',
    'server.crt': testCertificates.server.certificate,
    'server.key': testCertificates.server.privateKey,
  });
  return loadConfig(join(folder, 'config.yaml'), {
    XKS_HSM_PIN: '123456',
    XKS_EXAMPLE_SECRET: 'FYtE5EFA5FT0mCc3DrGUe2sti527BitkQ0Zr9MO9fvE',
    XKS_AUDIT_KEY: newAuditKey(),
    // As in the ECS Developer Guide, task-metadata-endpoint-v4-fargate.html.
    ECS_CONTAINER_METADATA_URI_V4: 'http://169.254.170.2/v4/cd189a933e5849daa93386466019ab50-2495160603',
  });
}

it('the configuration of deploy/aws is valid', () => {
  const { config, warnings } = load();
  expect(warnings).toEqual([]);
  expect(config).toMatchObject({
    server: { proxyProtocol: { enabled: true }, workers: 'auto', fleetSize: 2 },
    monitoring: { host: '0.0.0.0', port: 9464 },
  });
});

it('the audit log that it proposes is also valid, and has the name of its task', () => {
  const { config } = load((text) =>
    text.replaceAll(/^# (audit:|  (directory|origin|key):)/gm, '$1').replace('/var/lib/xks-proxy/audit', 'audit'),
  );
  expect(config.audit).toMatchObject({
    origin: 'http://169.254.170.2/v4/cd189a933e5849daa93386466019ab50-2495160603',
    sync: 'interval',
    onFailure: 'refuse',
  });
});
