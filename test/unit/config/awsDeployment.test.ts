import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { testCertificates } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

it('the configuration of deploy/aws is valid', () => {
  const text = readFileSync(new URL('../../../deploy/aws/config.yaml', import.meta.url), 'utf8');
  const folder = temporaryFolder({
    'config.yaml': text.replace('/usr/safenet/lunaclient/lib/libCryptoki2_64.so', 'module.so'),
    'module.so': 'not loaded here',
    'server.crt': testCertificates.server.certificate,
    'server.key': testCertificates.server.privateKey,
  });
  const env = { XKS_HSM_PIN: '123456', XKS_EXAMPLE_SECRET: 'FYtE5EFA5FT0mCc3DrGUe2sti527BitkQ0Zr9MO9fvE' };

  const { config, warnings } = loadConfig(join(folder, 'config.yaml'), env);

  expect(warnings).toEqual([]);
  expect(config).toMatchObject({
    server: { proxyProtocol: { enabled: true }, workers: 'auto', fleetSize: 2 },
    monitoring: { host: '0.0.0.0', port: 9464 },
  });
});
