import pkcs11js from 'pkcs11js';
import { expect, it } from 'vitest';
import * as constants from '../../../src/hsm/pkcs11/cryptoki/cryptokiConstants.ts';
import { CK_PARAMS } from '../../../src/hsm/pkcs11/cryptoki/gcmMechanism.ts';

// pkcs11js does not have the states of sessions.
it.each(Object.entries(constants).filter(([prefix]) => prefix !== 'CKS'))(
  '%s has the values of pkcs11js',
  (prefix, values) => {
    const theirs: Readonly<Record<string, unknown>> = { ...pkcs11js };
    const known = Object.entries(values).filter(([name]) => `${prefix}_${name}` in theirs);
    expect(known.length).toBeGreaterThan(0);
    expect(known.filter(([name, value]) => theirs[`${prefix}_${name}`] !== value)).toEqual([]);
  },
);

it('parameter structures have the numbers of pkcs11js', () => {
  const { CK_PARAMS_AES_GCM_v240, CK_PARAM_GOSTR3410_KEY_WRAP } = pkcs11js;
  expect(CK_PARAMS).toEqual({
    AES_GCM_v240: CK_PARAMS_AES_GCM_v240,
    GOSTR3410_KEY_WRAP: CK_PARAM_GOSTR3410_KEY_WRAP,
  });
});
