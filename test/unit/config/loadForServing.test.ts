import { join } from 'node:path';
import { expect, it } from 'vitest';
import { issueServerCertificate } from '../../../certs/issueCertificate.ts';
import { loadConfig } from '../../../src/config/loadConfig.ts';
import { loadForServing } from '../../../src/config/loadForServing.ts';
import { testCertificates } from '../../support/certificates.ts';
import { EXAMPLE, EXAMPLE_ENV, EXAMPLE_FILES } from '../../support/exampleConfig.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { CONFIG_FILES } from '../../support/validConfig.ts';

function write({ certificate, privateKey }: { certificate: string; privateKey: string }): string {
  const files = { ...CONFIG_FILES, ...EXAMPLE_FILES, 'server.crt': certificate, 'server.key': privateKey };
  return join(temporaryFolder({ ...files, 'config.yaml': EXAMPLE }), 'config.yaml');
}

it('refuses an expired certificate, which loadConfig accepts', async () => {
  const file = write(issueServerCertificate(testCertificates.ca, { notAfter: new Date(Date.now() - 1_000) }));
  expect(loadConfig(file, EXAMPLE_ENV).config.server.tls).toBeDefined();
  await expect(loadForServing(file, EXAMPLE_ENV)).rejects.toThrow(
    /server\.tls\.certificateFile \(line \d+\): .*CN=localhost expired on/,
  );
});

it('adds its warnings to those of loadConfig', async () => {
  const file = write(testCertificates.server);
  const { warnings } = await loadForServing(file, EXAMPLE_ENV);
  expect(warnings).toEqual([
    ...loadConfig(file, EXAMPLE_ENV).warnings,
    expect.stringMatching(/^server\.tls\.certificateFile \(line \d+\): The chain ends with /),
  ]);
});
