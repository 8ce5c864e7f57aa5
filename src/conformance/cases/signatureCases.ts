import { randomBytes } from 'node:crypto';
import { Secret } from '../../secret.ts';
import type { Credential } from '../../sigv4/credential.ts';
import { accepts, refuses } from '../caseBuilders.ts';
import type { ConformanceCase, Level } from '../conformanceCase.ts';
import type { CallOptions, KeyStoreClient } from '../../xksClient/keyStoreClient.ts';
import type { Probe } from '../probe.ts';
import type { SigningDeviation } from '../../xksClient/signRequest.ts';

type Deviate = (probe: Probe) => SigningDeviation;

/** Makes a case of GetKeyMetadata with a deviating signature, which the proxy must refuse. */
export function rejects(
  id: string,
  level: Level,
  title: string,
  deviate: Deviate,
  options: CallOptions = {},
): ConformanceCase {
  return refuses(id, level, title, ['AuthenticationFailedException'], (probe) =>
    probe.store.call('metadata', {}, { ...options, signing: deviate(probe) }),
  );
}

/** Makes a case of GetKeyMetadata with a valid signature that differs from KMS's, which the proxy must accept. */
export function verifies(
  id: string,
  level: Level,
  title: string,
  deviate: Deviate,
  options: CallOptions = {},
): ConformanceCase {
  return accepts(id, level, title, (probe) =>
    probe.store.call('metadata', {}, { ...options, signing: deviate(probe) }),
  );
}

export function withWrongSecret({ keyStore }: KeyStoreClient): Credential {
  return { ...keyStore.credential, secretAccessKey: new Secret(randomBytes(32).toString('base64')) };
}

export function withUnknownId({ keyStore }: KeyStoreClient): Credential {
  return { ...keyStore.credential, accessKeyId: 'CONFORMANCEUNKNOWNKEYID2' };
}
