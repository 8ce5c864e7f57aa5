import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { listenLocally } from '../support/listenLocally.ts';
import { openings, runCommand, RunningProxy, ProxyFiles } from '../support/runningProxy.ts';
import type { CommandOutcome } from '../support/runProgram.ts';

let files: ProxyFiles;
beforeAll(() => {
  files = new ProxyFiles();
});
beforeEach(() => {
  files.writeConfig(files.config);
});
afterAll(() => {
  files.dispose();
});

/** Runs `serve`, which must fail, with these settings of the key manager and the server. */
async function failToServe(pkcs11: object, server: object = {}): Promise<CommandOutcome> {
  const [keyManager] = files.config.keyManagers;
  files.writeConfig({
    ...files.config,
    server: { ...files.config.server, ...server },
    keyManagers: [{ ...keyManager, pkcs11: { ...keyManager?.pkcs11, ...pkcs11 } }],
  });
  return runCommand(['serve', '--config', files.configFile], files.env);
}

function lastLine(stdout: string): unknown {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

function refused(stderr: RegExp, keyManagers = 0): object {
  const stdout = expect.stringMatching(openings(keyManagers)) as string;
  return { exitCode: 1, stdout, stderr: expect.stringMatching(stderr) as string };
}

describe('serve does not start', () => {
  it('on a port that is in use', async () => {
    const { port, close } = await listenLocally(createServer());
    for (const workers of [1, 2]) {
      const { exitCode, stdout, stderr } = await failToServe({}, { port, workers });
      expect(exitCode).toBe(1);
      const problem = `server: cannot listen on 127.0.0.1 port ${port}: EADDRINUSE, another process uses it; end that process, or change server.port in the configuration`;
      expect(stderr).toBe(`${problem}\n`);
      expect(lastLine(stdout)).toMatchObject({ level: 'fatal', problems: [problem], msg: 'serve has failed' });
    }
    await close();
  });

  it('with a wrong PIN in its first worker, and says so in the log', async () => {
    const { stdout, stderr } = await failToServe({ pin: files.writeSecret('wrong', 'wrong-pin') }, { workers: 2 });
    expect(lastLine(stdout)).toMatchObject({
      level: 'fatal',
      problems: [expect.stringMatching(/^key manager softhsm: The PIN was refused/)],
    });
    expect(stdout + stderr).not.toContain('wrong-pin');
  });

  it('with a wrong PIN, and says so', async () => {
    const pin = files.writeSecret('wrong', 'wrong-pin');
    const outcome = await failToServe({ pin });
    expect(outcome).toMatchObject(
      refused(/^key manager softhsm: The PIN was refused by token "first"\. It was tried once\. .+\n$/, 1),
    );
    expect(outcome.stderr).not.toContain('wrong-pin');
  });

  it('without the token, and names the existing tokens', async () => {
    expect(await failToServe({ token: { label: 'nowhere' } })).toMatchObject(
      refused(
        /^key manager softhsm: There is no token with the label "nowhere"\. The module has: "first" \(serial [0-9a-f]+, slot \d+\)\.\n$/,
        1,
      ),
    );
  });

  it('without the module', async () => {
    const module = join(files.folder, 'no.so');
    expect(await failToServe({ module })).toMatchObject(
      refused(/pkcs11\.module \(line \d+\): names \S+no\.so, which does not exist/),
    );
  });

  it('with a file that is not a module', async () => {
    expect(await failToServe({ module: files.configFile })).toMatchObject(
      refused(
        /^key manager softhsm: The PKCS#11 module \S+ cannot be loaded: .+ It must be the vendor's PKCS#11 library/,
        1,
      ),
    );
  });

  it('with a module whose own configuration is missing', async () => {
    const env = { ...files.env, SOFTHSM2_CONF: join(files.folder, 'no.conf') };
    expect(await runCommand(['serve', '--config', files.configFile], env)).toMatchObject(
      refused(/^key manager softhsm: The PKCS#11 module \S+ does not start\. .*SOFTHSM2_CONF.*\n$/, 1),
    );
  });

  it('without a configuration file', async () => {
    const file = join(files.folder, 'no.yaml');
    expect(await runCommand(['serve', '--config', file])).toMatchObject(
      refused(/has a problem:\n {2}the file cannot be read \(ENOENT\)\n$/),
    );
  });

  it('with a configuration that is not YAML, and does not quote it', async () => {
    writeFileSync(files.configFile, 'keyManagers: [ {pin: my-secret-pin\n');
    const outcome = await runCommand(['serve', '--config', files.configFile]);
    expect(outcome).toMatchObject(refused(/has (a problem|\d+ problems):\n/));
    expect(outcome.stderr).not.toContain('my-secret-pin');
  });

  it('with problems in its configuration, and names them all', async () => {
    const { server, keyManagers, keyStores } = files.config;
    const [store] = keyStores;
    files.writeConfig({
      server: {
        ...server,
        prot: 8443,
        port: 'https',
        regions: [],
        tls: { certificateFile: 'no.crt', privateKeyFile: 'no.key' },
      },
      keyManagers: [{ ...keyManagers[0], pkcs11: { ...keyManagers[0]?.pkcs11, pin: 'my-secret-pin' } }],
      keyStores: [
        { ...store, uriPathPrefix: 'no/slash', keyManagers: ['nobody'] },
        { ...store, keys: [{ id: 'a/b' }, { id: 'foo' }, { id: 'foo' }] },
      ],
    });
    const outcome = await runCommand(['serve', '--config', files.configFile]);
    const { problems } = lastLine(outcome.stdout) as { problems: string[] };
    expect(outcome.stderr.split('\n').slice(1, -1)).toEqual(problems.map((problem) => `  ${problem}`));
    expect(outcome).toMatchObject(refused(/config\.yaml has \d+ problems:\n/));
    for (const path of [
      'server.port',
      'server.regions',
      'server.tls',
      'keyManagers[0].pkcs11.pin',
      'server: has an unknown key "prot"; did you mean port?',
      'keyStores[0].uriPathPrefix',
      'keyStores[0].keyManagers[0]: names no key manager',
      'keyStores[1].name: is the same as keyStores[0].name',
      'keyStores[1].credentials[0].accessKeyId: is the same as keyStores[0].credentials[0].accessKeyId',
      'keyStores[1].keys[0].id',
      'keyStores[1].keys[2].id: is the same as keyStores[1].keys[1].id',
    ]) {
      expect(outcome.stderr.replaceAll(/ \(line \d+(, column \d+)?\)/g, '')).toContain(`\n  ${path}`);
    }
    expect(outcome.stderr).not.toContain('my-secret-pin');
    expect(outcome.stderr).not.toContain('    at ');
  });
});

it('after these failures, serve starts and reports a key that the token does not have', async () => {
  const proxy = await RunningProxy.start(files);
  onTestFinished(() => {
    proxy.signal('SIGKILL');
  });
  await proxy.logged({ level: 'warn', keyStore: 'first', externalKeyId: 'blocked', errorName: 'KeyNotFoundException' });
  await proxy.proveService();
  proxy.signal('SIGTERM');
  expect(await proxy.exitCode).toBe(0);
});
