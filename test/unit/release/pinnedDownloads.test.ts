import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly integrity?: string; readonly inBundle?: boolean }>>;
}

it.each(['package-lock.json', 'deploy/aws/package-lock.json', 'toolchain/package-lock.json'])(
  '%s has the checksum of each package',
  (file) => {
    const { packages } = JSON.parse(read(file)) as LockFile;
    // The checksum of a package covers those that it bundles. The package without a name is the folder itself.
    const downloaded = Object.entries(packages).filter(([name, { inBundle = false }]) => name !== '' && !inBundle);
    expect(downloaded.length).toBeGreaterThan(0);
    expect(downloaded.filter(([, { integrity = '' }]) => !integrity.startsWith('sha512-'))).toEqual([]);
  },
);

it('the image is based on an image with a digest', () => {
  const text = read('Dockerfile');
  const bases = [...text.matchAll(/^(?:FROM|ARG NODE_IMAGE=|COPY --from=) ?(\S+)/gm)].map(([, base]) => base);
  const stages = new Set(['${NODE_IMAGE}', ...[...text.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, name]) => name)]);
  expect(bases.filter((base) => !stages.has(base))).toEqual([
    expect.stringMatching(/^docker\.io\/library\/node:.*@sha256:[0-9a-f]{64}$/),
  ]);
});

it('no script of toolchain/ downloads a program that nothing verifies', () => {
  // apt-get and Homebrew verify signatures, npm and pip the checksums in files of this folder, and go_build its own.
  const unverified =
    /\b(?:curl|wget|go install|npm install|playwright-core install)\b|\bpip install(?!.* --only-binary :all: +--require-hashes)/;
  const lines = globSync('toolchain/*.sh', { cwd: ROOT }).flatMap((file) =>
    read(file)
      .replaceAll('\\\n', '')
      .split('\n')
      .filter((line) => !line.startsWith('#') && unverified.test(line)),
  );
  expect(lines).toEqual(['need curl curl']);
});
