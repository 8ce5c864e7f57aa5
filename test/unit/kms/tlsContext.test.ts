import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { writeKeyPair } from '../../../certs/generate.ts';
import { tlsContextOf } from '../../../src/kms/xksProxy/tlsContext.ts';
import { testCertificates } from '../../support/certificates.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

it('the same files share one context, and changed files get a new one', () => {
  const folder = temporaryFolder();
  const { certificateFile: caFile } = writeKeyPair(folder, 'ca', testCertificates.ca);
  const context = tlsContextOf({
    caFiles: [caFile],
    clientCertificate: writeKeyPair(folder, 'client', testCertificates.client),
  });
  const first = context();
  expect(context()).toBe(first);
  writeFileSync(caFile, testCertificates.ca.certificate + testCertificates.server.certificate);
  const second = context();
  expect(second).not.toBe(first);
  expect(context()).toBe(second);
});
