import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runCommandHere } from '../support/runCommandHere.ts';
import { runCommand } from '../support/runningProxy.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { CONFIG_FILES, CONFIG_SECRET, validConfig } from '../support/validConfig.ts';

const ROLE = 'arn:aws:iam::111122223333:role/x';

function configFile(change: (config: ReturnType<typeof validConfig>) => void = () => undefined): string {
  const config = validConfig();
  Object.assign(config.keyStores[0] ?? {}, { policyFile: 'p.cedar' });
  change(config);
  const policy = `@id("p")\npermit (principal == User::"${ROLE}", action, resource);\n`;
  const folder = temporaryFolder({ ...CONFIG_FILES, 'p.cedar': policy, 'config.yaml': stringify(config) });
  return join(folder, 'config.yaml');
}

const WARNING = expect.stringContaining(`User::"${ROLE}" is never met`) as string;

describe('--config may be left out', () => {
  const COMMANDS = [
    ['serve'],
    ['config', 'check'],
    ['credential', 'list', 'example'],
    ['credential', 'add', 'example'],
    ['keystore', 'create', 'x'],
    ['key', 'list'],
    ['key', 'rotate', 'foo', '--key-store', 'example'],
    ['policy', 'check'],
    ['policy', 'explain', '--store', 'example', 'operation=Encrypt'],
  ];

  it.each([
    ['config', 'check'],
    ['credential', 'list', 'example'],
    ['policy', 'check'],
  ])('for the file that XKS_PROXY_CONFIG names: %s %s', async (...args) => {
    const outcome = await runCommandHere(args, { env: { XKS_PROXY_CONFIG: configFile() } });
    expect(outcome).toMatchObject({ exitCode: 0 });
  });

  it('and takes precedence over XKS_PROXY_CONFIG', async () => {
    const args = ['config', 'check', '--config', configFile()];
    expect(await runCommandHere(args, { env: { XKS_PROXY_CONFIG: '/nowhere' } })).toMatchObject({ exitCode: 0 });
  });

  it('if the default file exists', async () => {
    const env = { XKS_PROXY_CONFIG: '' };
    const outcome = await runCommandHere(['config', 'check'], { env, defaultConfigFile: configFile() });
    expect(outcome).toMatchObject({ exitCode: 0 });
  });

  it('if the default file, which the help names, exists', async () => {
    const { exitCode, stdout } = await runCommand(['config', 'check', '--help']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('XKS_PROXY_CONFIG names, or /etc/xks-proxy/config.yaml)');
    expect(exitCode).toBe(0);
  });

  it.each(COMMANDS)('%s reports that XKS_PROXY_CONFIG names no file', async (...args) => {
    expect(await runCommandHere(args, { env: { XKS_PROXY_CONFIG: '/nowhere/c.yaml' } })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'there is no configuration: --config is not given, and XKS_PROXY_CONFIG names /nowhere/c.yaml, which does not exist\n(add --help for usage)\n',
    });
  });

  it.each(COMMANDS)('%s names the files that it tried', async (...args) => {
    expect(await runCommandHere(args, { env: { XKS_PROXY_CONFIG: '' } })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr:
        'there is no configuration: --config is not given, XKS_PROXY_CONFIG is not set, and /nowhere/config.yaml does not exist\n(add --help for usage)\n',
    });
  });

  it('but not with --policy-file', async () => {
    const args = ['policy', 'test', '--config', 'a', '--policy-file', 'b', '--store', 'example'];
    expect(await runCommandHere(args)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/'--policy-file <file>' cannot be used with option '--config <file>'/) as string,
    });
  });

  it('and may be missing for --policy-file', async () => {
    const file = join(configFile(), '../p.cedar');
    const request = ['operation=Encrypt', 'externalKeyId=foo', `awsPrincipalArn=${ROLE}`, 'kmsKeyArn=k'];
    const args = ['policy', 'test', '--policy-file', file, '--store', 'example', ...request];
    expect(await runCommandHere(args, { env: { XKS_PROXY_CONFIG: '/nowhere' } })).toMatchObject({
      exitCode: 0,
      stdout: 'deny: no policy permits it\n',
      stderr: WARNING,
    });
  });
});

describe('--json', () => {
  async function run(args: readonly string[], file: string) {
    const { exitCode, stdout, stderr } = await runCommandHere([...args, '--json', '--config', file]);
    return { exitCode, stderr, json: JSON.parse(stdout) as unknown };
  }

  it('of config check describes the proxy that would run, with warnings and without secrets', async () => {
    const { exitCode, stderr, json } = await run(['config', 'check'], configFile());
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(json).toMatchObject({
      valid: true,
      warnings: [WARNING],
      server: { host: '0.0.0.0', port: 8443, tls: true, regions: ['us-east-1'] },
      keyManagers: [{ name: 'softhsm', token: { label: 'xks-proxy' } }],
      keyStores: [
        { name: 'example', uriPath: '/example/kms/xks/v1', keys: [{ id: 'foo', status: 'enabled', versions: 1 }] },
      ],
    });
    expect(JSON.stringify(json)).not.toMatch(/redacted|123456/);
    expect(JSON.stringify(json)).not.toContain(CONFIG_SECRET);
  });

  it.each([
    ['config', 'check'],
    ['policy', 'check'],
  ])('of %s %s has the problems, each with its place', async (...args) => {
    const file = configFile((config) => Object.assign(config.server, { prot: 1, port: 'x' }));
    const { exitCode, stderr, json } = await run(args, file);
    expect(exitCode).toBe(1);
    expect(json).toEqual({
      valid: false,
      problems: [
        { path: 'server.port', line: 8, message: 'must be a number (given: "x")' },
        { path: 'server', line: 7, column: 3, message: 'has an unknown key "prot"; did you mean port?' },
      ],
    });
    expect(stderr).toContain('server.port (line 8): must be a number (given: "x")');
  });

  it('of config check is JSON even if there is no file', async () => {
    const { exitCode, json } = await run(['config', 'check'], '/nowhere/c.yaml');
    expect(exitCode).toBe(1);
    expect(json).toEqual({ valid: false, problems: [{ path: '', message: 'the file cannot be read (ENOENT)' }] });
  });

  it('of credential list', async () => {
    const { json } = await run(['credential', 'list', 'example'], configFile());
    expect(json).toEqual([{ accessKeyId: 'MUBSXM6K3KMXHN6RRCXI7TWQH4' }]);
  });

  it('of policy check', async () => {
    const { json } = await run(['policy', 'check'], configFile());
    expect(json).toEqual({ valid: true, warnings: [WARNING], keyStores: [{ name: 'example', policies: ['p'] }] });
  });

  it('of policy explain', async () => {
    const request = ['operation=Encrypt', 'externalKeyId=foo', `awsPrincipalArn=${ROLE}`, 'kmsKeyArn=k'];
    const { json } = await run(['policy', 'explain', '--store', 'example', ...request], configFile());
    expect(json).toMatchObject({
      request: { principal: { type: 'Role', arn: ROLE }, action: 'Encrypt' },
      decision: 'deny',
      policies: [],
      permits: [{ policyId: 'p', unmet: [`principal == User::"${ROLE}"`] }],
    });
  });
});
