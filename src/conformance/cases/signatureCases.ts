import { randomBytes } from 'node:crypto';
import { Secret } from '../../secret.ts';
import type { Credential } from '../../sigv4/credential.ts';
import { accepts, refuses } from '../caseBuilders.ts';
import type { ConformanceCase, Level } from '../conformanceCase.ts';
import type { CallOptions, KeyStoreClient } from '../../xksClient/keyStoreClient.ts';
import type { Probe } from '../probe.ts';
import type { SigningDeviation } from '../../xksClient/signRequest.ts';

type Deviate = (probe: Probe) => SigningDeviation;

/** GetKeyMetadata, signed with a deviation that must not verify. */
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

/** GetKeyMetadata, signed in another way than KMS's that is as good. */
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
