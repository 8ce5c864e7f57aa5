import { readFileSync } from 'node:fs';
import { newAuditKey } from '../../src/audit/format/auditKey.ts';
import { testCertificates } from './certificates.ts';
import { CONFIG_SECRET } from './validConfig.ts';

export const EXAMPLE_POLICY = '@id("everyone") permit (principal, action, resource);';

/** The commented example with a module that is not loaded. */
export const EXAMPLE = readFileSync(new URL('../../config/xks-proxy.example.yaml', import.meta.url), 'utf8').replace(
  '/usr/lib/softhsm/libsofthsm2.so',
  'module.so',
);

const COMMENTED_OUT = ['audit', 'clientAuth', 'initializeParameters', 'tags', 'policyFile', 'quota', 'decryptAlso'];

/** The commented example, including its commented-out settings. */
export const WHOLE_EXAMPLE = COMMENTED_OUT.reduce(
  (text, key) => text.replaceAll(`# ${key}: `, `${key}: `),
  EXAMPLE,
).replace('policies/example.cedar', 'example.cedar');

/** Files to which both examples refer, besides those of the valid configuration. */
export const EXAMPLE_FILES = {
  'audit.key': newAuditKey(),
  'example.secret': CONFIG_SECRET,
  'client-ca.crt': testCertificates.ca.certificate,
  'example.cedar': EXAMPLE_POLICY,
};

export const EXAMPLE_ENV = { XKS_EXAMPLE_SECRET: CONFIG_SECRET };
