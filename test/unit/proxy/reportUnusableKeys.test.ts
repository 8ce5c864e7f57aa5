import { expect, it } from 'vitest';
import type { KeyDescription, KeyFinding, KeyManager, KeyUsage } from '../../../src/hsm/keyManager.ts';
import type { KeyVersion } from '../../../src/operations/externalKey.ts';
import { reportUnusableKeys } from '../../../src/proxy/reportUnusableKeys.ts';

const BOTH: readonly KeyUsage[] = ['ENCRYPT', 'DECRYPT'];

function version(label: string, decryptOnly = false): KeyVersion {
  return { label, decryptOnly, ciphertextMetadata: Buffer.alloc(0) };
}

/** Returns the lines for a key with these versions, oldest first, whose keys in the token permit these usages. */
async function linesFor(versions: readonly (readonly [KeyVersion, readonly KeyUsage[]])[]): Promise<object[]> {
  const keySpec = 'AES_256';
  const findings = versions.map(([, keyUsage]): KeyFinding => ({
    description: { keySpec, keyUsage } as KeyDescription,
  }));
  const keyManager = { name: 'hsm', describeKeys: () => Promise.resolve(findings) } as unknown as KeyManager;
  const lines: object[] = [];
  const add = (line: object, msg?: string) => lines.push({ ...line, msg });
  const log = { info: add, warn: add, error: add };
  const named = versions.map(([one]) => one) as [KeyVersion, ...KeyVersion[]];
  await reportUnusableKeys([{ name: 'first', keys: [{ id: 'foo', versions: named }] }], keyManager, log);
  return lines;
}

function lineFor(keyVersion: string, lacks: readonly string[]): object {
  const msg = 'the key lacks a usage that KMS needs';
  return { keyStore: 'first', keyManager: 'hsm', externalKeyId: 'foo', keyVersion, lacks, msg };
}

it('reports the version that encrypts if it lacks ENCRYPT or DECRYPT', async () => {
  expect(await linesFor([[version('foo'), BOTH]])).toEqual([]);
  expect(await linesFor([[version('foo'), ['DECRYPT']]])).toEqual([lineFor('foo', ['ENCRYPT'])]);
  expect(await linesFor([[version('foo'), ['ENCRYPT']]])).toEqual([lineFor('foo', ['DECRYPT'])]);
  expect(await linesFor([[version('foo'), ['WRAP']]])).toEqual([lineFor('foo', BOTH)]);
});

it('reports any other version only if it lacks DECRYPT', async () => {
  const newest = [version('foo-v2'), BOTH] as const;
  expect(await linesFor([[version('foo'), ['DECRYPT']], newest])).toEqual([]);
  expect(await linesFor([[version('foo'), ['ENCRYPT']], newest])).toEqual([lineFor('foo', ['DECRYPT'])]);
  expect(await linesFor([newest, [version('foo-v3', true), ['ENCRYPT']]])).toEqual([lineFor('foo-v3', ['DECRYPT'])]);
});
