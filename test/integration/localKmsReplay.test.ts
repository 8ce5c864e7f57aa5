import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommandHere } from '../support/runCommandHere.ts';
import { RunningLocalKms } from '../support/runningLocalKms.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

// The ids of the examples in the AWS KMS API Reference, with the local KMS's members.
const ID = '1234abcd-12ab-34cd-56ef-1234567890ab';
const ARN = `arn:aws:kms:us-east-2:444455556666:key/${ID}`;
const METADATA = {
  AWSAccountId: '444455556666',
  Arn: ARN,
  CreationDate: 1499988169.234,
  CurrentKeyMaterialId: '123abc',
  CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
  Description: '',
  Enabled: true,
  EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
  KeyId: ID,
  KeyManager: 'CUSTOMER',
  KeySpec: 'SYMMETRIC_DEFAULT',
  KeyState: 'Enabled',
  KeyUsage: 'ENCRYPT_DECRYPT',
  MultiRegion: false,
  Origin: 'AWS_KMS',
};
const ENCRYPTED = { EncryptionAlgorithm: 'SYMMETRIC_DEFAULT', KeyId: ARN };
const STATEMENT = {
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::444455556666:root' },
  Action: 'kms:*',
  Resource: '*',
};
const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [STATEMENT] });
const CALLS = [
  { operation: 'CreateKey', input: { Policy }, output: { KeyMetadata: METADATA } },
  { operation: 'GetKeyPolicy', input: { KeyId: ID }, output: { Policy, PolicyName: 'default' } },
  {
    operation: 'Encrypt',
    input: { KeyId: ID, Plaintext: 'SGVsbG8=' },
    output: { ...ENCRYPTED, CiphertextBlob: 'Y2lwaGVydGV4dA==' },
  },
  {
    operation: 'Decrypt',
    input: { CiphertextBlob: 'Y2lwaGVydGV4dA==' },
    output: { ...ENCRYPTED, Plaintext: 'SGVsbG8=', KeyMaterialId: '123abc' },
  },
  { operation: 'DisableKey', input: { KeyId: ARN }, output: {} },
  {
    operation: 'Encrypt',
    input: { KeyId: ID, Plaintext: 'SGVsbG8=' },
    error: { name: 'DisabledException', message: `${ARN} is disabled.` },
  },
  {
    operation: 'DescribeKey',
    input: { KeyId: ID },
    output: { KeyMetadata: { ...METADATA, Enabled: false, KeyState: 'Disabled' } },
  },
  {
    operation: 'DescribeKey',
    input: { KeyId: '5678abcd-12ab-34cd-56ef-1234567890ab' },
    error: {
      name: 'NotFoundException',
      message: "Key 'arn:aws:kms:us-east-2:444455556666:key/5678abcd-12ab-34cd-56ef-1234567890ab' does not exist",
    },
  },
];

async function replay(calls: readonly object[], ...args: readonly string[]) {
  const lines = calls.map((call) => `${JSON.stringify(call)}\n`).join('');
  const file = join(temporaryFolder({ 'calls.jsonl': lines }), 'calls.jsonl');
  return { file, ...(await runCommandHere(['kms', 'replay', file, ...args])) };
}

it('compares the local KMS with a recording of another account and Region', async () => {
  const { endpoint } = await RunningLocalKms.start();
  const { exitCode, stdout, stderr } = await replay(CALLS, '--endpoint', endpoint);
  expect(stdout + stderr).toBe('8 answers are as recorded\n');
  expect(exitCode).toBe(0);
});

it('reports where an answer differs, without plaintexts, and exits with 1', async () => {
  const { endpoint } = await RunningLocalKms.start();
  const [create, , encrypt] = CALLS;
  const changed = [
    create ?? {},
    encrypt ?? {},
    {
      operation: 'Decrypt',
      input: { CiphertextBlob: 'Y2lwaGVydGV4dA==' },
      output: { KeyId: ARN, Plaintext: 'SGVs', KeyMaterialId: '123abc' },
    },
    { operation: 'EnableKey', input: { KeyId: ID }, error: { name: 'NotFoundException' } },
  ];
  const { exitCode, file, stdout, stderr } = await replay(changed, '--endpoint', endpoint);
  expect(stdout).toBe(
    [
      `${file}:3 Decrypt`,
      '  output.Plaintext',
      '    recorded: "[redacted]"',
      '    local:    "[redacted]"',
      '  output.EncryptionAlgorithm',
      '    recorded: absent',
      '    local:    "SYMMETRIC_DEFAULT"',
      `${file}:4 EnableKey`,
      '  answer',
      '    recorded: {"error":{"name":"NotFoundException"}}',
      '    local:    {"output":{}}\n',
    ].join('\n'),
  );
  expect(stderr).toBe('2 of 4 answers differ\n');
  expect(exitCode).toBe(1);
});

it('prints no characters of a recording that control a terminal', async () => {
  const { endpoint } = await RunningLocalKms.start();
  const output = { 'a\u001b[2J\u202e': 'b\u009b31m' };
  const { stdout } = await replay([{ operation: 'ListAliases', input: {}, output }], '--endpoint', endpoint);
  expect(stdout).toContain('  output.a\\u001b[2J\\u202e\n    recorded: "b\\u009b31m"\n');
});

it('uses ids of existing resources', async () => {
  const kms = await RunningLocalKms.start();
  const { stdout: KeyId } = await kms.aws('create-key', '--query', 'KeyMetadata.KeyId', '--output', 'text');
  const describe = [
    { operation: 'GetKeyRotationStatus', input: { KeyId: ID }, output: { KeyId: ID, KeyRotationEnabled: false } },
  ];
  expect(await replay(describe, '--endpoint', kms.endpoint, '--pair', `${ID}=${KeyId.trim()}`)).toMatchObject({
    exitCode: 0,
  });
  expect(await replay(describe, '--endpoint', kms.endpoint)).toMatchObject({ exitCode: 1 });
});

it('says what to do if no local KMS runs, and describes its options', async () => {
  expect(await replay(CALLS, '--endpoint', 'http://127.0.0.1:1')).toMatchObject({
    exitCode: 1,
    stderr:
      'http://127.0.0.1:1 does not answer. Start the local KMS with "xks-proxy kms serve", or give the URL of a running one with --endpoint.\n',
  });
  for (const wrong of [
    ['--endpoint', '127.0.0.1:1'],
    ['--pair', 'one'],
  ])
    expect(await replay(CALLS, ...wrong)).toMatchObject({ exitCode: 2 });
});
