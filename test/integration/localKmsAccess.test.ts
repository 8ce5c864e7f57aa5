import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { exceptionOfCli } from '../support/kmsException.ts';
import { startKeyStore } from '../support/localKmsConnection.ts';
import type { RunningLocalKms } from '../support/runningLocalKms.ts';
import { startProxy } from '../support/reconfigurableProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const user = (name: string): string => `arn:aws:iam::111122223333:user/${name}`;

// AWS KMS Developer Guide, "Controlling access to your external key store".
const POLICY = {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'AllowKeysInExternalKeyStores',
      Effect: 'Allow',
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      Resource: 'arn:aws:kms:us-east-1:111122223333:key/*',
      Condition: { StringEquals: { 'kms:KeyOrigin': 'EXTERNAL_KEY_STORE' } },
    },
  ],
};

function callers(bobsPolicies: readonly object[]): string {
  return stringify({
    callers: {
      TEST: 'arn:aws:iam::111122223333:root',
      ALICE: { awsPrincipalArn: user('Alice'), policies: [POLICY] },
      BOB: { awsPrincipalArn: user('Bob'), policies: bobsPolicies },
    },
  });
}

async function succeeds(kms: RunningLocalKms, caller: string, ...command: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await kms.awsAs(caller, 'kms', ...command, '--output', 'text');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  return stdout.trim();
}

async function message(kms: RunningLocalKms, caller: string, ...command: readonly string[]): Promise<string> {
  const { stderr } = await kms.awsAs(caller, 'kms', ...command);
  const exception = exceptionOfCli(stderr);
  expect(exception.name, stderr).toBe('AccessDeniedException');
  return exception.message;
}

it("the guide's policy, a grant and a key policy allow and deny requests of two callers of the AWS CLI", async () => {
  const file = join(temporaryFolder({ 'kms.yaml': callers([]) }), 'kms.yaml');
  const { kms, store } = await startKeyStore(await startProxy(), ['--config', file, '--evaluate-policies']);
  await store.connect();
  const id = await store.createKey();
  const arn = `arn:aws:kms:us-east-1:111122223333:key/${id}`;
  // Version 1 of the AWS CLI encodes text, version 2 does not.
  const folder = temporaryFolder({ plaintext: 'Hello' });
  const encrypt = [
    'encrypt',
    '--key-id',
    id,
    '--plaintext',
    `fileb://${join(folder, 'plaintext')}`,
    '--query',
    'CiphertextBlob',
  ];
  const denied = (action: string, reason: string): string =>
    `User: ${user('Bob')} is not authorized to perform: kms:${action} on resource: ${arn} ${reason}`;
  const noIdentityPolicy = (action: string): string =>
    denied(action, `because no identity-based policy allows the kms:${action} action`);

  const blob = join(temporaryFolder({ blob: Buffer.from(await succeeds(kms, 'ALICE', ...encrypt), 'base64') }), 'blob');
  const decrypt = ['decrypt', '--ciphertext-blob', `fileb://${blob}`, '--query', 'Plaintext'];
  expect(await succeeds(kms, 'ALICE', ...decrypt)).toBe(Buffer.from('Hello').toString('base64'));
  expect(await message(kms, 'BOB', ...encrypt)).toBe(noIdentityPolicy('Encrypt'));
  expect(await message(kms, 'BOB', ...decrypt)).toBe(noIdentityPolicy('Decrypt'));
  const grant = [
    'create-grant',
    '--key-id',
    id,
    '--grantee-principal',
    user('Bob'),
    '--operations',
    'Decrypt',
    '--query',
    'GrantId',
  ];
  const grantId = await succeeds(kms, 'TEST', ...grant);
  expect(await succeeds(kms, 'BOB', ...decrypt)).toBe(Buffer.from('Hello').toString('base64'));
  await succeeds(kms, 'TEST', 'revoke-grant', '--key-id', id, '--grant-id', grantId);
  await message(kms, 'BOB', ...decrypt);

  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' },
      { Effect: 'Deny', Principal: { AWS: user('Bob') }, Action: 'kms:Decrypt', Resource: '*' },
    ],
  });
  await succeeds(kms, 'TEST', 'put-key-policy', '--key-id', id, '--policy-name', 'default', '--policy', policy);
  writeFileSync(file, callers([POLICY]));
  await kms.logged({ msg: 'the configuration was read again' });
  await succeeds(kms, 'BOB', ...encrypt);
  expect(await message(kms, 'BOB', ...decrypt)).toBe(
    denied('Decrypt', 'with an explicit deny in a resource-based policy'),
  );
});
