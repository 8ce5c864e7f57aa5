import { readdirSync, readFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { pathWithAws } from '../support/preloadedAws.ts';
import { runProgram } from '../support/runProgram.ts';
import { ENVIRONMENT } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const DEMO = join(import.meta.dirname, '../../local/demo.ts');
const QUICKLY = ['--connect-seconds', '0.2', '--disconnect-seconds', '0.2', '--answer-within-ms', '15000'];

/** The chapters of the story, with texts of each in order. */
const STORY: readonly (readonly [chapter: string, ...lines: readonly string[]])[] = [
  ['Create', '"RawSecretAccessKey": ...not to be shown...', '"ConnectionState": "DISCONNECTED"'],
  ['Connect', '(CustomKeyStoreInvalidStateException)', '\tCONNECTED\n'],
  [
    'A KMS key, whose key material is the external key foo',
    '"KeyState": "Enabled"',
    '"Id": "foo"',
    '(XksKeyNotFoundException)',
    '(XksKeyAlreadyInUseException)',
  ],
  [
    'Encrypt and decrypt',
    '\nHello, external key store!\n',
    '(KMSInvalidStateException)',
    '"kmsOperation":"GenerateDataKey"',
  ],
  [
    'Disconnect',
    '\tDISCONNECTED\n',
    '\n"Unavailable"\n',
    '(KMSInvalidStateException)',
    'is unavailable. This KMS key is in a custom key store that is not connected',
    '\tCONNECTED\n',
    '\n"Enabled"\n',
    '\nHello, external key store!\n',
  ],
  ['Rotate the credential, with no downtime', ': added"', ': removed"', '\nHello, external key store!\n'],
  [
    'Block the key at the proxy',
    'key foo of key store example: blocked',
    '(KMSInvalidStateException)',
    'is not enabled in the external key manager',
    '"errorMessage":"The external key is blocked by the proxy."',
    'ExceptionName="InvalidStateException"} 1\n',
    'key foo of key store example: unblocked',
    '\nHello, external key store!\n',
  ],
  [
    'Audit',
    ' Decrypt foo foo arn:aws:iam::111122223333:user/DEMO success - ',
    '"act":"credential remove"',
    '\nGood: all 2 logs are as written',
    'PROBLEM      one or more of the records ',
    'Not good: 1 problem.',
  ],
  [
    'The end',
    '"KeyState": "PendingDeletion"',
    '(KMSInvalidStateException)',
    'is pending deletion.',
    '(CustomKeyStoreHasCMKsException)',
    'aws kms cancel-key-deletion',
  ],
];

it('make demo shows the whole life of a key store, and prints no secret', { timeout: 480_000 }, async () => {
  const root = temporaryFolder();
  const TMPDIR = join(root, 'tmp');
  mkdirSync(TMPDIR);
  const PATH = `${dirname(process.execPath)}:${await pathWithAws()}`;
  const env = { ...ENVIRONMENT, PATH, HOME: root, TMPDIR };
  const { exitCode, stdout, stderr } = await runProgram([process.execPath, DEMO, root, ...QUICKLY], { env });
  expect(exitCode, stdout + stderr).toBe(0);

  const [, ...told] = stdout.split(/^== (.+) ==$/m);
  expect(told.filter((_, index) => index % 2 === 0)).toEqual(STORY.map(([chapter]) => chapter));
  for (const [index, [chapter, ...lines]] of STORY.entries()) {
    const text = told[2 * index + 1] ?? '';
    let from = 0;
    for (const line of lines) {
      const found = text.indexOf(line, from);
      expect(found, `${line} in ${chapter}:\n${text}`).toBeGreaterThanOrEqual(0);
      from = found + line.length;
    }
  }
  expect(stdout).not.toContain('This should have been refused.');

  const made = join(root, 'local/made/demo');
  const said = [stdout, stderr, ...['proxy.log', 'kms.log'].map((name) => readFileSync(join(made, name), 'utf8'))];
  const secrets = ['credential.json', 'new-credential.json'].map((name) => secretIn(join(made, name)));
  expect(new Set(secrets).size).toBe(2);
  for (const secret of secrets) expect(said.join('\n')).not.toContain(secret);

  expect(readdirSync(TMPDIR)).toEqual([]);
  expect(readdirSync(root).sort()).toEqual(['certs', 'local', 'softhsm', 'tmp']);
  expect(processesOf(root)).toEqual([]);
});

function secretIn(file: string): string {
  const content = JSON.parse(readFileSync(file, 'utf8')) as {
    XksProxyAuthenticationCredential: { RawSecretAccessKey: string };
  };
  return content.XksProxyAuthenticationCredential.RawSecretAccessKey;
}

/** Command lines of running processes that contain the folder's name. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const commandLine = /^\d+$/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
      return commandLine.includes(folder) ? [commandLine] : [];
    } catch {
      // The process has ended in the meantime.
      return [];
    }
  });
}
