import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeKeyPair } from '../../certs/generate.ts';
import { testCertificates } from '../support/certificates.ts';
import { newFiles, startProxy } from '../support/reconfigurableProxy.ts';
import { encryptBody, healthMetadata, keyPath, paths } from '../support/messages.ts';
import { runCommandHere } from '../support/runCommandHere.ts';
import { ProxyFiles, runCommand, RunningProxy } from '../support/runningProxy.ts';
import { OTHER_PREFIX, PREFIX } from '../support/signedRequest.ts';

const WORKERS = 4;
const blockList = ({ folder }: ProxyFiles) => join(folder, 'config.blocked.json');

let files: ProxyFiles;
beforeEach(() => {
  files = newFiles();
});

async function run(...args: readonly string[]) {
  return runCommandHere([...args, '--config', files.configFile]);
}

describe('a running proxy with workers', () => {
  let proxy: RunningProxy;
  /** The number of log records before the test. */
  let seen: number;

  beforeAll(async () => {
    const own = new ProxyFiles();
    own.writeConfig({ ...own.config, server: { ...own.config.server, workers: WORKERS } });
    proxy = await RunningProxy.start(own);
  });
  beforeEach(async () => {
    await expect.poll(() => serving().length).toBeGreaterThanOrEqual(WORKERS);
    ({ files } = proxy);
    seen = proxy.log.length;
  });
  afterEach(async () => {
    writeFileSync(blockList(files), '{"blocked":[]}');
    await untilAll(200);
  });
  afterAll(() => proxy.dispose());

  const serving = () => proxy.log.filter(({ msg }) => msg === 'a worker serves');

  /** Answers to requests on new connections, which go to the workers in turn. */
  const answers = () => Promise.all(Array.from({ length: 2 * WORKERS }, () => proxy.post(paths.encrypt, encryptBody)));
  const untilAll = (status: number) =>
    expect.poll(async () => new Set((await answers()).map((answer) => answer.status))).toEqual(new Set([status]));
  const changes = () => proxy.log.slice(seen).filter(({ msg }) => msg === 'the block list was changed');

  it('refuses a blocked key in every process, although its configuration has an expired certificate and a lost secret', async () => {
    await untilAll(200);
    writeFileSync(join(files.folder, 'server.crt'), 'not a certificate');
    renameSync(join(files.folder, 'pin.secret'), join(files.folder, 'gone'));
    // The command runs in a shell without the variables that the configuration needs.
    const { exitCode, stderr } = await runCommand([
      'key',
      'block',
      'foo',
      '--key-store',
      'first',
      '--config',
      files.configFile,
    ]);
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringContaining('has problems (xks-proxy config check lists them)'),
    ]);
    await untilAll(400);
    expect((await proxy.post(paths.encrypt, encryptBody)).body).toEqual({
      errorName: 'InvalidStateException',
      errorMessage: 'The external key is blocked by the proxy.',
    });
    await expect.poll(() => new Set(changes().map(({ worker }) => worker)).size).toBe(WORKERS);
    const other = await proxy.post(keyPath('bar', 'encrypt', OTHER_PREFIX), encryptBody, {
      credential: files.otherCredential,
    });
    expect(other.status).toBe(200);
    expect((await run('key', 'unblock', 'foo', '--key-store', 'first')).exitCode).toBe(0);
    await untilAll(200);
    writeKeyPair(files.folder, 'server', testCertificates.server);
    renameSync(join(files.folder, 'gone'), join(files.folder, 'pin.secret'));
  });

  it.each([
    [
      'damaged',
      (file: string) => {
        writeFileSync(file, '{');
      },
      'is not JSON',
    ],
    [
      'gone',
      (file: string) => {
        rmSync(file);
      },
      'is gone',
    ],
  ])('refuses a blocked key in a worker that starts when the block list is %s', async (_, spoil, problem) => {
    await run('key', 'block', 'foo', '--key-store', 'first');
    await untilAll(400);
    spoil(blockList(files));
    const before = serving();
    process.kill(before.at(-1)?.['pid'] as number, 'SIGKILL');
    await expect.poll(() => serving()).toHaveLength(before.length + 1);
    await proxy.logged({ problem, worker: serving().at(-1)?.['worker'] }, seen);
    expect(new Set((await answers()).map(({ status }) => status))).toEqual(new Set([400]));
  });

  it('under load, gives only refusals after each worker has applied the block', async () => {
    const outcomes: (number | undefined)[] = [];
    let isOver = false;
    const client = async () => {
      while (!isOver) outcomes.push((await proxy.post(paths.encrypt, encryptBody)).status);
    };
    const clients = Promise.all(Array.from({ length: 4 }, client));
    await expect.poll(() => outcomes.length).toBeGreaterThan(20);
    await run('keystore', 'block', 'first');
    await expect.poll(() => changes().length).toBe(WORKERS);
    const inForce = outcomes.length;
    await expect.poll(() => outcomes.length).toBeGreaterThan(inForce + 20);
    isOver = true;
    await clients;
    expect(new Set(outcomes)).toEqual(new Set([200, 400]));
    // Requests that were running when the last worker read the list.
    expect(outcomes.slice(inForce + 4)).not.toContain(200);
    const refused = proxy.log.slice(seen).filter(({ httpStatus }) => httpStatus === 400);
    expect(new Set(refused.map(({ errorName }) => errorName))).toEqual(new Set(['InvalidStateException']));
  });
});

describe('a proxy', () => {
  it('starts with the blocks in force, is ready, and refuses health checks of a blocked key store', async () => {
    const monitoring = { host: '127.0.0.1', port: 0 };
    files.writeConfig({ ...files.config, monitoring });
    await run('keystore', 'block', 'first');
    const proxy = await startProxy(files);
    await proxy.logged({ msg: 'blocked by the block list', blocked: ['key store first'] });
    const health = await proxy.post(paths.health, { requestMetadata: healthMetadata });
    expect([health.status, health.body['errorName']]).toEqual([400, 'InvalidStateException']);
    const { port } = await proxy.logged({ msg: 'monitoring listens' });
    const ready = await fetch(`http://127.0.0.1:${String(port)}/readyz`);
    expect(ready.status).toBe(200);
    const metrics = await (await fetch(`http://127.0.0.1:${String(port)}/metrics`)).text();
    expect(metrics).toContain('xks_proxy_key_store_blocked{key_store="first"} 1');
    expect(metrics).toContain('xks_proxy_key_store_blocked{key_store="second"} 0');
  });

  it('does not start with a block list that cannot be read, and says why', async () => {
    writeFileSync(blockList(files), '{"blocked": [');
    const { exitCode, stderr } = await runCommand(['serve', '--config', files.configFile], files.env);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`the block list ${blockList(files)} is not JSON: nothing is served`);
  });

  it('keeps the blocks of a list that becomes damaged, and says so', async () => {
    await run('key', 'block', 'foo', '--key-store', 'first');
    const proxy = await startProxy(files);
    writeFileSync(blockList(files), '');
    await proxy.logged({
      msg: 'the block list cannot be read: the previous blocks stay in force',
      problem: 'is empty',
    });
    expect((await proxy.post(paths.encrypt, encryptBody)).status).toBe(400);
  });

  it('keeps the blocks of a list that has disappeared, until a command writes a new one', async () => {
    await run('key', 'block', 'foo', '--key-store', 'first');
    const proxy = await startProxy(files);
    rmSync(blockList(files));
    await proxy.logged({ msg: 'the block list cannot be read: the previous blocks stay in force', problem: 'is gone' });
    expect((await run('key', 'unblock', 'foo', '--key-store', 'first')).stdout).toMatch(
      /is not blocked: there is no block list .*\. If a running proxy still refuses it, .* Block something, and unblock it/,
    );
    expect((await proxy.post(paths.encrypt, encryptBody)).body).toMatchObject({ errorName: 'InvalidStateException' });
    await run('keystore', 'block', 'second');
    await run('keystore', 'unblock', 'second');
    await expect.poll(async () => (await proxy.post(paths.encrypt, encryptBody)).status).toBe(200);
  });

  it('refuses a key store that the configuration blocks', async () => {
    const [first, second] = files.config.keyStores;
    files.writeConfig({ ...files.config, keyStores: [{ ...first, status: 'blocked' }, second] });
    const proxy = await startProxy(files);
    expect((await proxy.post(paths.metadata, { requestMetadata: encryptBody.requestMetadata })).body['errorName']).toBe(
      'InvalidStateException',
    );
  });
});

describe('key block and keystore block', () => {
  it('refuse names that a valid configuration does not have, unless forced', async () => {
    const typo = await run('key', 'block', 'fooo', '--key-store', 'first');
    expect([typo.exitCode, typo.stderr]).toEqual([
      1,
      expect.stringContaining(
        'the key store first has no external key fooo; it has foo, blocked. To block it all the same',
      ),
    ]);
    expect((await run('keystore', 'block', 'fist')).stderr).toContain('no key store fist; there is first, second');
    const forced = await run('keystore', 'block', 'fist', '--force');
    expect([forced.exitCode, forced.stderr]).toEqual([0, expect.stringContaining('it is blocked all the same')]);
  });

  it('refuse a name that the configuration does not have, whatever its secrets', async () => {
    renameSync(join(files.folder, 'pin.secret'), join(files.folder, 'gone'));
    expect(await run('key', 'block', 'fooo', '--key-store', 'first')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('add --force') as string,
    });
  });

  it.each([
    ['key', 'block', '', '--key-store', 'first', '--force'],
    ['key', 'block', 'a'.repeat(129), '--key-store', 'first', '--force'],
    ['key', 'block', 'foo\u001b[31m', '--key-store', 'first', '--force'],
    ['keystore', 'block', 'a b', '--force'],
  ])('write no name that a configuration cannot have: %s %s %j', async (...command) => {
    expect(await run(...command)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('characters of A-Za-z0-9') as string,
    });
    expect(existsSync(blockList(files))).toBe(false);
  });

  const written = () => readFileSync(files.configFile, 'utf8');
  const NAMED = 'blockList: { file: pulled.json }\n';

  it.each([
    ['a bad alias', () => `${NAMED}${written()}x: *nothing\n`],
    ['an open quotation mark', () => `x: "\n${NAMED}${written()}`],
    ['an open bracket', () => `x: [1,\n${NAMED}${written()}`],
    ['CRLF and a tab', () => `x:\r\n\ty: 1\r\nblockList:\r\n  file: pulled.json\r\n`],
    ['two documents', () => `x: 1\n---\n${NAMED}${written()}`],
    ['half of the rest', () => `${NAMED}${written().slice(0, 300)}`],
    ['a NUL', () => `${NAMED}${written()}x: [\0`],
    ['UTF-16', () => Buffer.from(`\uFEFF${NAMED}${written()}`, 'utf16le')],
  ])('find the block list that a configuration with %s names', async (_, damage) => {
    writeFileSync(files.configFile, damage());
    const { exitCode, stdout } = await run('key', 'block', 'foo', '--key-store', 'first');
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining(join(files.folder, 'pulled.json'))]);
  });

  it.each([
    ['in damaged lines', () => `blockList: {file: "pulled.json}\n${written()}`],
    ['twice', () => `${NAMED}${written()}blockList: { file: other.json }\n`],
    ['by a lost anchor', () => `blockList: *where\n${written()}`],
  ])('ask for the block list that a configuration names %s', async (_, damage) => {
    writeFileSync(files.configFile, damage());
    const refused = await run('key', 'block', 'foo', '--key-store', 'first');
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('--block-list FILE')]);
    const file = join(files.folder, 'pulled.json');
    const blocked = await run('key', 'block', 'foo', '--key-store', 'first', '--block-list', file);
    expect(blocked).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`in ${file}`) as string });
    const { stdout } = await run('keystore', 'list', '--block-list', file);
    expect(stdout).toContain('key foo of key store first');
  });

  it('need no configuration that can be parsed, but an existing file', async () => {
    rmSync(files.configFile);
    const gone = await run('keystore', 'block', 'first');
    expect([gone.exitCode, gone.stderr]).toEqual([1, expect.stringContaining('does not exist')]);
    mkdirSync(files.configFile);
    const { exitCode, stderr } = await run('keystore', 'block', 'first');
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('cannot be read (not a regular file)')]);
    expect(existsSync(blockList(files))).toBe(true);
  });

  it('name the user behind sudo', async () => {
    await runCommandHere(['keystore', 'block', 'first', '--config', files.configFile], { env: { SUDO_USER: 'alice' } });
    expect((await run('keystore', 'list')).stdout).toContain('alice');
  });

  it('do not change a damaged block list, and name it', async () => {
    writeFileSync(blockList(files), '{');
    for (const command of [
      ['keystore', 'block', 'first'],
      ['keystore', 'unblock', 'first'],
      ['keystore', 'list'],
    ]) {
      const { exitCode, stderr } = await run(...command);
      expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^the block list .* is not JSON\. Repair it/m)]);
    }
    expect(readFileSync(blockList(files), 'utf8')).toBe('{');
  });

  it('work on a configuration that is no longer YAML', async () => {
    writeFileSync(files.configFile, `${readFileSync(files.configFile, 'utf8')}\n  : [nonsense\n`);
    expect(await run('key', 'block', 'foo', '--key-store', 'first')).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(readFileSync(blockList(files), 'utf8'))).toMatchObject({
      blocked: [{ keyStore: 'first', externalKeyId: 'foo' }],
    });
  });

  it('write the file that the configuration names, readable for the proxy, with time and user', async () => {
    files.writeConfig({ ...files.config, blockList: { file: 'pulled.json' } });
    const { stdout } = await run('key', 'block', 'foo', '--key-store', 'first');
    expect(stdout).toContain(`in ${join(files.folder, 'pulled.json')}`);
    expect(JSON.parse(readFileSync(join(files.folder, 'pulled.json'), 'utf8'))).toEqual({
      blocked: [
        {
          keyStore: 'first',
          externalKeyId: 'foo',
          since: expect.any(String) as string,
          by: expect.any(String) as string,
        },
      ],
    });
  });

  it('say what to do if the folder is not writable', async () => {
    files.writeConfig({ ...files.config, blockList: { file: 'nowhere/pulled.json' } });
    const { exitCode, stderr } = await run('key', 'block', 'foo', '--key-store', 'first');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('cannot write the block list')]);
    expect(stderr).toContain('blockList: { file: ... }');
  });

  it('say that a key stays blocked because the configuration blocks it', async () => {
    const { exitCode, stderr } = await run('key', 'unblock', 'blocked', '--key-store', 'first');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('stays blocked')]);
  });

  it('say that a key stays blocked because its key store is blocked', async () => {
    await run('key', 'block', 'foo', '--key-store', 'first');
    await run('keystore', 'block', 'first');
    const { exitCode, stderr } = await run('key', 'unblock', 'foo', '--key-store', 'first');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('run xks-proxy keystore unblock first')]);
  });

  it('may be repeated', async () => {
    await run('keystore', 'block', 'first');
    expect((await run('keystore', 'block', 'first')).stdout).toContain('is already blocked');
    expect((await run('keystore', 'unblock', 'first')).stdout).toContain('Unblocked the key store first');
    expect((await run('keystore', 'unblock', 'first')).stdout).toContain('is not blocked');
  });
});

describe('config check', () => {
  it('shows what is blocked, and refuses a list that cannot be read', async () => {
    await run('key', 'block', 'foo', '--key-store', 'first');
    expect((await run('config', 'check')).stdout).toContain('blocked: key foo of key store first\n');
    writeFileSync(blockList(files), 'nonsense');
    const { exitCode, stderr } = await run('config', 'check');
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining(`blockList: the file ${blockList(files)} is not JSON`),
    ]);
    expect(JSON.parse((await run('config', 'check', '--json')).stdout)).toMatchObject({ valid: false });
  });
});

describe('keystore list', () => {
  it('shows what is blocked, where, since when and by whom', async () => {
    await run('keystore', 'block', 'second');
    await run('key', 'block', 'foo', '--key-store', 'first');
    const { stdout } = await run('keystore', 'list');
    expect(
      stdout
        .replaceAll(/ +/g, ' ')
        .replaceAll(/20\d\d-\S+Z \S+/g, 'WHEN WHO')
        .split('\n'),
    ).toEqual([
      'NAME URI_PATH_PREFIX STATUS KEYS BLOCKED_KEYS',
      `first ${PREFIX} enabled 2 2`,
      `second ${OTHER_PREFIX} blocked 1 0`,
      '',
      'BLOCKED WHERE SINCE BY',
      'key foo of key store first block list WHEN WHO',
      'key blocked of key store first configuration - -',
      'key store second block list WHEN WHO',
      '',
    ]);
    const json = JSON.parse((await run('keystore', 'list', '--json')).stdout) as unknown;
    expect(json).toMatchObject([
      {
        name: 'first',
        status: 'enabled',
        blockedKeys: [
          { externalKeyId: 'foo', inConfiguration: false },
          { externalKeyId: 'blocked', inConfiguration: true, inBlockList: null },
        ],
      },
      { name: 'second', status: 'blocked', blocked: { inConfiguration: false } },
    ]);
  });
});

describe('keystore create', () => {
  it('warns that a block for a key store of this name already exists', async () => {
    await run('keystore', 'block', 'third', '--force');
    expect((await run('keystore', 'create', 'third')).stderr).toContain('run xks-proxy keystore unblock third');
  });
});

describe('keystore remove', () => {
  it('removes only a blocked key store, not the last, and no secret', async () => {
    expect((await run('keystore', 'remove', 'second')).stderr).toContain('is not blocked');
    await run('keystore', 'block', 'second');
    expect(await run('keystore', 'remove', 'second')).toMatchObject({ exitCode: 0 });
    expect(readFileSync(files.configFile, 'utf8')).not.toContain('second');
    expect(readFileSync(join(files.folder, `${files.otherCredential.accessKeyId}.secret`), 'utf8')).not.toBe('');
    await run('keystore', 'block', 'first');
    expect((await run('keystore', 'remove', 'first')).stderr).toContain('it is the only key store');
  });
});
