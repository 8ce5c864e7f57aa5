import { execFileSync } from 'node:child_process';
import {
  constants,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildServer } from '../support/buildServer.ts';
import { listenLocally } from '../support/listenLocally.ts';
import { encryptBody, paths } from '../support/messages.ts';
import { runProgram } from '../support/runProgram.ts';
import { ProxyFiles, RunningProxy } from '../support/runningProxy.ts';
import type { Program } from '../support/startTestProgram.ts';

const ROOT = join(import.meta.dirname, '../..');
const IMAGE_USER = '10001';

let app: string;
/** Runs Node.js as a user without rights on its files. */
let node: Program = [process.execPath];

beforeAll(async () => {
  app = mkdtempSync(join(tmpdir(), 'xks-proxy-image-'));
  await buildServer(app);
  if (process.getuid?.() === 0) {
    // A copy, because the image's user may be unable to reach the Node.js that root runs.
    const copy = join(app, 'bin/node');
    mkdirSync(dirname(copy));
    copyFileSync(process.execPath, copy, constants.COPYFILE_FICLONE);
    node = ['setpriv', `--reuid=${IMAGE_USER}`, `--regid=${IMAGE_USER}`, '--clear-groups', '--no-new-privs', copy];
  }
  execFileSync('chmod', ['-R', 'a-w,a+rX', app]);
}, 240_000);
afterAll(() => {
  execFileSync('chmod', ['-R', 'u+w', app]);
  rmSync(app, { recursive: true });
});

describe('the folder that deploy/build.sh makes for the image', () => {
  it('contains exactly the program, its configuration examples and production packages', () => {
    const expected = ['config', 'dist', 'node_modules', 'package-lock.json', 'package.json'];
    expect(readdirSync(app).filter((name) => name !== 'bin')).toEqual(expected);
    const packages = globSync('node_modules/{*,@*/*}/package.json', { cwd: app }).map(dirname);
    expect(packages.sort()).toEqual(['node_modules/@cedar-policy/cedar-wasm', 'node_modules/pkcs11js']);
    expect(globSync('node_modules/pkcs11js/build/**/*.*', { cwd: app })).toEqual([
      'node_modules/pkcs11js/build/Release/pkcs11.node',
    ]);
    expect(globSync('dist/*', { cwd: app }).filter((file) => !/\.js$|\/licenses\.txt$/.test(file))).toEqual([]);
    expect(existsSync(join(app, 'config/xks-proxy.schema.json'))).toBe(true);
  });

  it('runs from there, read-only and without privileges', async () => {
    const files = new ProxyFiles();
    if (process.getuid?.() === 0) {
      for (const folder of [files.folder, dirname(files.softHsm.env.SOFTHSM2_CONF)])
        execFileSync('chown', ['-R', IMAGE_USER, folder]);
    }
    const write = `require('node:fs').writeFileSync(${JSON.stringify(join(app, 'dist/other.js'))}, '')`;
    expect((await runProgram([...node, '-e', write])).stderr).toContain('EACCES');

    const proxy = await RunningProxy.start(files, [...node, join(app, 'dist/main.js')]);
    onTestFinished(() => proxy.dispose());
    const sealed = await proxy.post(paths.encrypt, encryptBody);
    expect(sealed.status).toBe(200);
    const opened = await proxy.post(paths.decrypt, { ...encryptBody, ...sealed.body });
    expect(opened.body).toEqual({ plaintext: encryptBody.plaintext });
  });
});

describe('the health check of the Dockerfile', () => {
  const written = /^HEALTHCHECK .* CMD (\[.*\])$/m.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';

  /** The exit code when the monitoring listener answers with `status`, or does not listen. */
  async function check(status?: number): Promise<unknown> {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status ?? 200).end();
    });
    const { port, close } = await listenLocally(server);
    if (status === undefined) await close();
    const [, ...args] = JSON.parse(written.replace('9464', String(port))) as string[];
    const { exitCode } = await runProgram([process.execPath, ...args]);
    await close();
    expect(asked).toEqual(status === undefined ? [] : ['/livez']);
    return exitCode;
  }

  it('agrees with /livez', async () => {
    expect(await check(200)).toBe(0);
    expect(await check(503)).toBe(1);
    expect(await check()).toBe(1);
  });
});
