import { beforeEach, describe, expect, it } from 'vitest';
import { getKeyPolicy } from '../../../src/kms/operations/keys/getKeyPolicy.ts';
import { listKeyPolicies } from '../../../src/kms/operations/keys/listKeyPolicies.ts';
import { putKeyPolicy } from '../../../src/kms/operations/keys/putKeyPolicy.ts';
import { LocalKmsUnderTest } from '../../support/localKmsUnderTest.ts';

const NO_SUCH = { errorName: 'NotFoundException', message: 'No such policy exists' };

let kms: LocalKmsUnderTest;
let KeyId: string;
beforeEach(() => {
  kms = new LocalKmsUnderTest();
  KeyId = kms.addKey(kms.addKeyStore().customKeyStoreId, { policy: '{"old": 1}' }).keyId;
});

describe('the key policy', () => {
  it('is kept as it is given, and called default', async () => {
    const old = { Policy: '{"old": 1}', PolicyName: 'default' };
    expect(await kms.call(getKeyPolicy, { KeyId })).toEqual(old);
    expect(await kms.call(getKeyPolicy, { KeyId, PolicyName: 'default' })).toEqual(old);
    const Policy = '{\n "Statement": []}';
    const output = await kms.call(putKeyPolicy, { KeyId, PolicyName: 'default', Policy });
    expect(output).toBeUndefined();
    expect(await kms.call(getKeyPolicy, { KeyId })).toEqual({ Policy, PolicyName: 'default' });
    expect(await kms.call(listKeyPolicies, { KeyId })).toEqual({ PolicyNames: ['default'], Truncated: false });
  });

  it('has no other name', async () => {
    await expect(kms.call(getKeyPolicy, { KeyId, PolicyName: 'other' })).rejects.toMatchObject(NO_SUCH);
    const put = kms.call(putKeyPolicy, { KeyId, PolicyName: 'other', Policy: '{}' });
    await expect(put).rejects.toMatchObject(NO_SUCH);
    expect(kms.state.keys.find(KeyId)?.policy).toBe('{"old": 1}');
  });

  it.each(['x', '"{}"', '[{}]', 'null', '{}{}'])('is a JSON object, not %s', async (Policy) => {
    const refusal = { errorName: 'MalformedPolicyDocumentException', message: 'Policy is not a JSON object' };
    await expect(kms.call(putKeyPolicy, { KeyId, Policy })).rejects.toMatchObject(refusal);
    expect(kms.state.keys.find(KeyId)?.policy).toBe('{"old": 1}');
  });
});
