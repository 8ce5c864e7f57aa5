import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { setUpLocal, type Environment } from '../../local/setUp.ts';
import { LoggedProgram } from '../support/loggedProgram.ts';
import { runProgram } from '../support/runProgram.ts';
import { ENVIRONMENT } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';

const ROOT = join(import.meta.dirname, '../..');
const guide = readFileSync(join(ROOT, 'docs/local-kms.md'), 'utf8');
const section = guide.split(/^## /m).find((text) => text.startsWith('In your own tests\n')) ?? '';

/** The text of the section's code blocks in this language. */
function blocks(language: string): string[] {
  return Array.from(section.matchAll(/^```(\w+)\n(.*?)^```$/gms))
    .filter(([, of]) => of === language)
    .map(([, , text = '']) => text);
}

/** A checkout after `make run`, and a proxy that runs in it. */
let checkout: string;
let port: number;

beforeEach(async () => {
  checkout = temporaryFolder();
  symlinkSync(join(ROOT, 'dist'), join(checkout, 'dist'));
  mkdirSync(join(checkout, '.node/bin'), { recursive: true });
  symlinkSync(process.execPath, join(checkout, '.node/bin/node'));
  const main = join(checkout, 'dist/main.js');
  const { configFile, env } = setUpLocal(checkout, { main, host: '127.0.0.1', port: 0, env: ENVIRONMENT });
  port = await startHere([main, 'serve', '--config', configFile], env);
});

describe('docs/local-kms.md, "In your own tests"', () => {
  it('has a fixture for Vitest that works', async () => {
    const [fixture = '', example = ''] = blocks('ts');
    const folder = temporaryFolder({ 'kmsTest.ts': fixture, 'orders.test.ts': example });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    const report = join(folder, 'report.json');
    const vitest = [
      join(ROOT, 'node_modules/vitest/vitest.mjs'),
      'run',
      '--root',
      folder,
      '--reporter',
      'json',
      '--outputFile',
      report,
      // Guards, as for our own tests on a busy machine.
      '--testTimeout=120000',
      '--hookTimeout=120000',
    ];
    const env = { XKS_PROXY: checkout, XKS_PROXY_PORT: String(port) };
    const { stdout, stderr } = await runProgram([process.execPath, ...vitest], { env, cwd: folder });
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
      testResults: { assertionResults: object[] }[];
    };
    expect(
      testResults.flatMap(({ assertionResults }) => assertionResults),
      stdout + stderr,
    ).toMatchObject([{ status: 'passed', title: 'an order can be read while its key is enabled' }]);
  });

  it('has services for Docker Compose that work, except for Docker itself', async () => {
    const [yaml = ''] = blocks('yaml');
    const { services, volumes } = parse(yaml) as Compose;
    expect(Object.keys(services)).toEqual(['xks-proxy', 'local-kms']);
    for (const { build, volumes: mounted, healthcheck } of Object.values(services)) {
      expect(readFileSync(join(ROOT, 'Dockerfile'), 'utf8')).toContain(`AS ${build.target}\n`);
      expect(mounted.map((mount) => mount.replace(/:ro$/, ''))).toEqual(
        Object.keys(volumes).map((name) => `${name}:/app/certs/made`),
      );
      expect(healthcheck.test.slice(0, 2)).toEqual(['CMD', 'node']);
    }
    expect(services['local-kms'].depends_on).toEqual({ 'xks-proxy': { condition: 'service_healthy' } });
    expect(await isHealthy(services['xks-proxy'], '8443', port)).toBe(true);

    const [node, ...command] = services['local-kms'].command.map((text) =>
      text.replace('xks-proxy:8443', `127.0.0.1:${port}`),
    );
    expect(node).toBe('node');
    const kmsPort = await startHere([...command, '--host', '127.0.0.1', '--port', '0']);
    expect(await isHealthy(services['local-kms'], '4599', kmsPort)).toBe(true);
    expect(await isHealthy(services['local-kms'], '4599', 1)).toBe(false);
    expect(await isHealthy(services['xks-proxy'], '8443', 1)).toBe(false);
  });
});

interface Service {
  readonly build: { readonly target: string };
  readonly command: readonly string[];
  readonly volumes: readonly string[];
  readonly depends_on?: object;
  readonly healthcheck: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<'xks-proxy' | 'local-kms', Service>>;
  readonly volumes: object;
}

/** Runs the health check of a service, with the port replaced. */
async function isHealthy({ healthcheck }: Service, port: string, actualPort: number): Promise<boolean> {
  const [, , ...args] = healthcheck.test.map((text) => text.replace(port, String(actualPort)));
  return (await runProgram([process.execPath, ...args])).exitCode === 0;
}

/** Runs a Node.js program in the checkout until the test is finished. Resolves to its port. */
async function startHere(args: readonly string[], env: Environment = {}): Promise<number> {
  const program = new LoggedProgram([process.execPath, ...args], { cwd: checkout, env });
  onTestFinished(async () => {
    program.signal('SIGTERM');
    await program.exitCode;
  });
  return (await program.logged({ msg: 'listening' }))['port'] as number;
}
