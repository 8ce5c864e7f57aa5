import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { setUpLocal, type Environment } from '../../local/setUp.ts';
import { LoggedProgram } from '../support/loggedProgram.ts';
import { runProgram } from '../support/runProgram.ts';
import { ENVIRONMENT } from '../support/startTestProgram.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { blocksOfOwnTests, passExample } from '../support/vitestExample.ts';

const ROOT = join(import.meta.dirname, '../..');
const MADE = 'local/made/9443';

/** A checkout after `PORT=9443 make run`, and a proxy that runs in it. */
let checkout: string;
let port: number;

beforeEach(async () => {
  checkout = temporaryFolder();
  symlinkSync(join(ROOT, 'dist'), join(checkout, 'dist'));
  mkdirSync(join(checkout, '.node/bin'), { recursive: true });
  symlinkSync(process.execPath, join(checkout, '.node/bin/node'));
  const main = join(checkout, 'dist/main.js');
  const options = { main, host: '127.0.0.1', port: 0, env: ENVIRONMENT, folder: join(checkout, MADE) };
  const { configFile, env } = setUpLocal(checkout, options);
  port = await startHere([main, 'serve', '--config', configFile], env);
});

describe('docs/local-kms.md, "In your own tests"', () => {
  it('has a fixture for Vitest that works', async () => {
    const [fixture = '', example = ''] = blocksOfOwnTests('ts');
    const files = join(checkout, MADE);
    const env = { XKS_PROXY: checkout, XKS_PROXY_PORT: String(port), XKS_PROXY_FILES: files };
    await passExample(fixture, example, env);
  });

  it('has services for Docker Compose that work, except for Docker itself', async () => {
    const [yaml = ''] = blocksOfOwnTests('yaml');
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
