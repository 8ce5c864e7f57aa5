import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCommandHere } from '../support/runCommandHere.ts';
import { ProxyFiles } from '../support/runningProxy.ts';

const POLICIES = `@id("billing")
permit (principal in Account::"123456789012", action == Action::"Encrypt", resource)
when { resource.hasTag("team") && resource.getTag("team") == "billing" };
@id("no-root")
forbid (principal is AccountRoot, action, resource);
`;
const REQUEST = [
  'operation=Encrypt',
  'externalKeyId=foo',
  'awsPrincipalArn=arn:aws:iam::123456789012:user/Alice',
  'kmsKeyArn=arn:aws:kms:us-east-2:123456789012:key/1',
];

let files: ProxyFiles;

beforeAll(() => {
  files = new ProxyFiles();
  const [first, ...others] = files.config.keyStores;
  const restricted = { ...first, tags: { team: 'billing' }, policyFile: 'p.cedar' };
  files.writeConfig({ ...files.config, keyStores: [restricted, ...others] });
  write('p.cedar', POLICIES);
});

afterAll(() => {
  files.dispose();
});

function write(name: string, text: string): string {
  writeFileSync(join(files.folder, name), text);
  return join(files.folder, name);
}

function policy(...args: string[]) {
  return runCommandHere(['policy', ...args], { env: files.env });
}

it('check names the policies of each key store, or every problem', async () => {
  expect(await policy('check', '--config', files.configFile)).toEqual({
    exitCode: 0,
    stdout: 'key store first: billing, no-root\nkey store second: no policyFile, requests are not restricted\n',
    stderr: '',
  });
  write('p.cedar', POLICIES.replace('AccountRoot', 'AcountRoot'));
  const { exitCode, stderr } = await policy('check', '--config', files.configFile);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /keyStores\[0\]\.policyFile \(line \d+\): p\.cedar:5: in "no-root": .*did you mean `AccountRoot`\?/,
  );
  write('p.cedar', POLICIES);
});

it('test shows the decision for one request, with the tags of the configuration', async () => {
  const choice = ['--config', files.configFile, '--store', 'first'];
  expect(await policy('test', ...choice, ...REQUEST)).toEqual({
    exitCode: 0,
    stdout: 'allow by billing\n',
    stderr: '',
  });
  const root = await policy('test', ...choice, ...REQUEST, 'awsPrincipalArn=arn:aws:iam::123456789012:root');
  expect(root.stdout).toBe('deny by no-root\n');
  const alone = await policy('test', '--policy-file', join(files.folder, 'p.cedar'), '--store', 'first', ...REQUEST);
  expect(alone.stdout).toBe('deny: no policy permits it\n');
});

it('explain shows the request, and the conditions that it does not meet', async () => {
  const choice = ['--config', files.configFile, '--store', 'first'];
  const { exitCode, stdout } = await policy(
    'explain',
    ...choice,
    ...REQUEST,
    'operation=Decrypt',
    'sourceIdentity=a=b',
  );
  expect(exitCode).toBe(0);
  expect(stdout).toContain('"sourceIdentity": "a=b"');
  expect(stdout).toMatch(
    /deny: no policy permits it\nbilling does not permit it; not true of the request:\n {2}action == Action::"Encrypt"\n$/,
  );
});

it('test --table compares a table with the policies, shows differences, and exits with 1 if there are any', async () => {
  const table = (expected: string) => `
defaults: { operation: Encrypt, externalKeyId: foo, kmsKeyArn: k, awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice' }
tests:
  - name: Alice encrypts
    request: {}
    expect: { decision: allow, policies: [billing] }
  - name: Alice decrypts
    request: { operation: Decrypt }
    expect: ${expected}
`;
  const choice = ['--config', files.configFile, '--store', 'first', '--table'];
  expect(await policy('test', ...choice, write('good.yaml', table('{ decision: deny }')))).toEqual({
    exitCode: 0,
    stdout: 'ok   Alice encrypts\nok   Alice decrypts\n2 policy tests passed\n',
    stderr: '',
  });
  expect(await policy('test', ...choice, write('bad.yaml', table('{ decision: allow, policies: [billing] }')))).toEqual(
    {
      exitCode: 1,
      stdout: `ok   Alice encrypts
FAIL Alice decrypts
       expected: allow by billing
       actual:   deny: no policy permits it
       billing does not permit it; not true of the request:
         action == Action::"Encrypt"
`,
      stderr: '1 of 2 policy tests failed\n',
    },
  );
  const { exitCode, stderr } = await policy('test', ...choice, write('no.yaml', table('{ decision: maybe }')));
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/tests\[1\]\.expect\.decision \(line 9\): .*\(given: "maybe"\)/);
});

it.each([
  [[], /^give either the fields of a request or --table\n$/],
  [[...REQUEST, 'externalKeyId=nope'], /^first has no external key nope\n$/],
  [['operation=Encrypt'], /externalKeyId: is missing.*\n.*awsPrincipalArn: is missing/],
  [['operation=GenerateDataKey'], /operation: must be GetKeyMetadata, Encrypt or Decrypt \(given: "GenerateDataKey"\)/],
  [['externalKeyId=foo'], /operation: is missing; it must be GetKeyMetadata, Encrypt or Decrypt/],
  [['Encrypt'], /^Encrypt is not of the form name=value\n$/],
])('test refuses %j', async (fields, message) => {
  const { exitCode, stdout, stderr } = await policy(
    'test',
    '--config',
    files.configFile,
    '--store',
    'first',
    ...fields,
  );
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(message);
});

it('test and explain warn of a misspelt field, from the command line and in a table', async () => {
  const told = 'policies see the field kmsVaiService only in context.otherMetadata; did you mean kmsViaService?';
  const choice = ['--config', files.configFile, '--store', 'first'];
  for (const command of ['test', 'explain']) {
    const { stderr } = await policy(command, ...choice, ...REQUEST, 'kmsVaiService=ebs', 'aNewField=x');
    expect(stderr).toBe(`warning: ${told}\n`);
  }
  const table = write(
    'misspelt.yaml',
    `
tests:
  - name: through EBS
    request: { operation: Decrypt, externalKeyId: foo, kmsKeyArn: k, awsPrincipalArn: a, kmsVaiService: ebs }
    expect: { decision: deny }
`,
  );
  expect((await policy('test', ...choice, '--table', table)).stderr).toBe(`warning: through EBS: ${told}\n`);
});

it('test names --policy-file if the file cannot be read', async () => {
  const { stderr } = await policy('test', '--policy-file', 'gone.cedar', '--store', 'first', ...REQUEST);
  expect(stderr).toMatch(/^--policy-file names \S*gone\.cedar, which cannot be read \(ENOENT\)\n$/);
});

it('a key store that has no policies or does not exist cannot be tested', async () => {
  const refusal = async (store: string) =>
    (await policy('test', '--config', files.configFile, '--store', store, ...REQUEST)).stderr;
  expect(await refusal('second')).toBe('second has no policyFile: its requests are not restricted\n');
  expect(await refusal('third')).toBe('no key store third; there is first, second\n');
});
