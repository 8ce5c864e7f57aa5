import type { Secret } from '../../secret.ts';
import type { KeyPath, Remark } from '../problems/problem.ts';
import type { Config } from '../schema/schema.ts';
import { hasBlankEnd } from '../files/secretText.ts';

/** Warnings about secrets that begin or end with a blank. */
export function blankSecrets({ keyManagers, keyStores }: Config): Remark[] {
  const secrets: readonly (readonly [KeyPath, Secret])[] = [
    ...keyManagers.map(({ pkcs11: { pin } }, index) => [['keyManagers', index, 'pkcs11', 'pin'], pin] as const),
    ...keyStores.flatMap(({ credentials }, store) =>
      credentials.map(({ secretAccessKey }, index) => {
        return [['keyStores', store, 'credentials', index, 'secretAccessKey'], secretAccessKey] as const;
      }),
    ),
  ];
  return secrets
    .filter(([, secret]) => hasBlankEnd(secret.reveal()))
    .map(([keys]) => ({
      keys,
      message: 'names a secret that begins or ends with a blank; the blank is used as a part of it',
    }));
}
