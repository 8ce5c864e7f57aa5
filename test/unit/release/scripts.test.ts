import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runProgram, type CommandOutcome } from '../../support/runProgram.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CHANGELOG = `# Changelog

## [Unreleased]

### Added

- News.

### Fixed

- A fault, in \`a\\b\` & "c".

## [1.0.0] - 2026-11-30

- The first.

## [0.9.0] - 2026-01-01
`;

/** A checkout of version 1.0.0 with the real scripts, in which everything is committed. */
class Checkout {
  readonly folder = temporaryFolder();

  constructor(changelog = CHANGELOG) {
    cpSync(join(ROOT, 'deploy/release'), join(this.folder, 'deploy/release'), { recursive: true });
    const files = {
      'CHANGELOG.md': changelog,
      'package.json': '{\n  "name": "xks-proxy",\n  "version": "1.0.0"\n}\n',
      'package-lock.json':
        '{\n  "name": "xks-proxy",\n  "version": "1.0.0",\n  "lockfileVersion": 3,\n  "packages": { "": { "name": "xks-proxy", "version": "1.0.0" } }\n}\n',
      'deploy/helm/xks-proxy/Chart.yaml':
        'apiVersion: v2\nname: xks-proxy\nversion: 1.0.0\nappVersion: 1.0.0\ndependencies:\n  - version: 1.0.0\n',
      'deploy/README.md': 'docker build --tag xks-proxy:1.0.0 . # needs Node 1.0.0\n',
      'docs/install.md': 'apt-get install ./xks-proxy_1.0.0_amd64.deb\ntar -xf xks-proxy-1.0.0-linux-x64.tar.gz\n',
    };
    for (const [name, text] of Object.entries(files)) this.write(name, text);
    this.git('init', '--quiet');
    this.git('add', '.');
    this.git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'a');
  }

  git(...args: string[]): void {
    execFileSync('git', args, { cwd: this.folder });
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.folder, name, '..'), { recursive: true });
    writeFileSync(join(this.folder, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  run(script: string, ...args: string[]): Promise<CommandOutcome> {
    return runProgram([join(this.folder, 'deploy/release', script), ...args], { cwd: '/' });
  }
}

describe('notes.sh', () => {
  it('prints the section of a version', async () => {
    const checkout = new Checkout();
    expect(await checkout.run('notes.sh', '1.0.0')).toEqual({ exitCode: 0, stdout: '- The first.\n', stderr: '' });
    expect((await checkout.run('notes.sh', 'Unreleased')).stdout).toBe(
      '### Added\n\n- News.\n\n### Fixed\n\n- A fault, in `a\\b` & "c".\n',
    );
  });

  it.each(['0.9.0', '1.0', '1.0.1', '1x0.0', '.*'])(
    'refuses %s, whose section is empty or missing',
    async (version) => {
      expect(await new Checkout().run('notes.sh', version)).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringContaining(`has no section [${version}], or an empty one.`) as string,
      });
    },
  );
});

describe('check.sh', () => {
  it('accepts the tag of the version', async () => {
    expect(await new Checkout().run('check.sh', 'v1.0.0')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it.each(['1.0.0', 'v1.0.1', 'v1.0.0-rc.1', ''])('refuses the tag "%s"', async (tag) => {
    const { exitCode, stderr } = await new Checkout().run('check.sh', tag);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`the tag must be v1.0.0, not ${tag}`);
  });

  it('refuses a version that has no section', async () => {
    const { exitCode, stderr } = await new Checkout('# Changelog\n').run('check.sh', 'v1.0.0');
    expect(exitCode).toBe(1);
    expect(stderr).toContain('has no section [1.0.0]');
  });
});

describe('prepare.sh', () => {
  it('writes the version into all files, and creates its section of the changelog', async () => {
    const checkout = new Checkout();
    const { exitCode, stdout, stderr } = await checkout.run('prepare.sh', '1.1.0');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toContain('git tag --sign v1.1.0');
    const today = new Date().toISOString().slice(0, 10);
    expect(checkout.read('CHANGELOG.md')).toBe(
      CHANGELOG.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [1.1.0] - ${today}\n`),
    );
    expect(JSON.parse(checkout.read('package.json'))).toMatchObject({ version: '1.1.0' });
    expect(JSON.parse(checkout.read('package-lock.json'))).toMatchObject({
      version: '1.1.0',
      packages: { '': { version: '1.1.0' } },
    });
    expect(checkout.read('deploy/helm/xks-proxy/Chart.yaml')).toBe(
      'apiVersion: v2\nname: xks-proxy\nversion: 1.1.0\nappVersion: 1.1.0\ndependencies:\n  - version: 1.0.0\n',
    );
    expect(checkout.read('deploy/README.md')).toBe('docker build --tag xks-proxy:1.1.0 . # needs Node 1.0.0\n');
    expect(checkout.read('docs/install.md')).toBe(
      'apt-get install ./xks-proxy_1.1.0_amd64.deb\ntar -xf xks-proxy-1.1.0-linux-x64.tar.gz\n',
    );
    expect(await checkout.run('check.sh', 'v1.1.0')).toMatchObject({ exitCode: 0 });
    expect((await checkout.run('notes.sh', '1.1.0')).stdout).toContain('- News.');
  });

  it('makes the first release with the version in package.json', async () => {
    const checkout = new Checkout('# Changelog\n\n## [Unreleased]\n\n- The first.\n');
    expect(await checkout.run('prepare.sh', '1.0.0')).toMatchObject({ exitCode: 0 });
    expect(await checkout.run('check.sh', 'v1.0.0')).toMatchObject({ exitCode: 0 });
  });

  it.each<[why: string, version: string, say: string, change?: (checkout: Checkout) => void]>([
    ['a version that has a section', '1.0.0', 'has a section [1.0.0] already'],
    ['an older version', '0.10.0', 'is 1.0.0, which is newer than 0.10.0'],
    [
      'changes that are not committed',
      '1.1.0',
      'changes that are not committed',
      (checkout) => {
        checkout.write('new', '');
      },
    ],
  ])('refuses %s, and changes nothing', async (_why, version, say, change) => {
    const checkout = new Checkout();
    change?.(checkout);
    const { exitCode, stderr } = await checkout.run('prepare.sh', version);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(say);
    expect(checkout.read('CHANGELOG.md')).toBe(CHANGELOG);
  });

  it('refuses a release without news', async () => {
    const checkout = new Checkout('## [Unreleased]\n\n## [1.0.0] - 2026-11-30\n\n- The first.\n');
    expect(await checkout.run('prepare.sh', '1.1.0')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('has no section [Unreleased], or an empty one') as string,
    });
  });

  it.each([
    { args: [] },
    { args: ['v1.1.0'] },
    { args: ['1.1'] },
    { args: ['1.1.0-rc.1'] },
    { args: ['1.01.0'] },
    { args: ['1.1.0\n1.2.0'] },
    { args: ['1.1.0', '1.2.0'] },
  ])('refuses $args as its arguments', async ({ args }) => {
    const { exitCode, stderr } = await new Checkout().run('prepare.sh', ...args);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('usage: ');
  });
});

describe('checksums.sh', () => {
  it('writes checksums that sha256sum accepts, until a file changes', async () => {
    const folder = temporaryFolder({ b: 'b', '-a': 'a', SHA256SUMS: 'old' });
    const checkout = new Checkout();
    const check = () => runProgram(['sha256sum', '--check', '--strict', 'SHA256SUMS'], { cwd: folder });
    expect(await checkout.run('checksums.sh', folder)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await check()).toEqual({ exitCode: 0, stdout: '-a: OK\nb: OK\n', stderr: '' });
    expect(readdirSync(folder)).toEqual(['-a', 'SHA256SUMS', 'b']);
    writeFileSync(join(folder, 'b'), 'c');
    expect(await check()).toMatchObject({ exitCode: 1 });
  });

  it('refuses a folder that is empty, missing, or contains a folder', async () => {
    const checkout = new Checkout();
    const codes = await Promise.all(
      [temporaryFolder(), '/nowhere', join(ROOT, 'deploy')].map(
        async (folder) => (await checkout.run('checksums.sh', folder)).exitCode,
      ),
    );
    expect(codes).toEqual([1, 2, 1]);
  });
});
