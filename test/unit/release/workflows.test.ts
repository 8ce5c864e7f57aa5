import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

type Permissions = Readonly<Record<string, 'read' | 'write'>>;

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly 'runs-on': string;
  readonly 'timeout-minutes'?: number;
  readonly needs?: string | readonly string[];
  readonly environment?: string;
  readonly permissions?: Permissions;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Permissions;
  readonly concurrency?: object;
  readonly env?: object;
  readonly defaults?: { readonly run?: { readonly shell?: string } };
  readonly jobs: Readonly<Record<string, Job>>;
}

/** The jobs that may do more than read the contents, each with what its steps write. */
const WRITING: Readonly<Record<string, readonly string[]>> = {
  'codeql/analyze': ['security-events'],
  'release/publish-image': ['packages', 'id-token', 'attestations', 'artifact-metadata'],
  'release/publish-npm': ['id-token'],
  'release/publish-chart': ['packages', 'id-token'],
  'release/release': ['contents', 'id-token', 'attestations'],
};

const files = globSync('.github/workflows/*', { cwd: ROOT });
const workflows = files.map((file) => ({ file, text: read(file), workflow: parse(read(file)) as Workflow }));
const targets = new Set([...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name));

it('there are exactly four workflows', () => {
  const names = ['ci', 'codeql', 'dependency-review', 'release'];
  expect(files.toSorted()).toEqual(names.map((name) => `.github/workflows/${name}.yml`));
});

describe.each(workflows)('$file', ({ file, text, workflow }) => {
  const jobs = Object.entries(workflow.jobs);
  const steps = jobs.flatMap(([, job]) => job.steps);
  const commands = steps.flatMap(({ run = [] }) => run);

  it('uses actions by digest, with a comment for the version', () => {
    const uses = [...text.matchAll(/\buses: (.*)$/gm)].map(([, use]) => use);
    expect(uses.length).toBe(steps.filter((step) => step.uses !== undefined).length);
    expect(uses.filter((use = '') => !/^[\w-]+(\/[\w-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use))).toEqual([]);
  });

  it('may only read the contents, unless a job needs more, or needs not even that', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const permissions = Object.fromEntries(jobs.map(([name, job]) => [name, job.permissions ?? workflow.permissions]));
    const needed = jobs.map(([name, job]): [string, Permissions] => {
      const reads = job.steps.some(({ uses }) => uses?.startsWith('actions/checkout@')) ? ['contents'] : [];
      const writes = WRITING[`${basename(file, '.yml')}/${name}`] ?? [];
      return [name, { ...allowing('read', reads), ...allowing('write', writes) }];
    });
    expect(permissions).toEqual(Object.fromEntries(needed));
    expect(workflow.on).not.toHaveProperty('pull_request_target');
    expect(workflow.on).not.toHaveProperty('workflow_run');
  });

  it('has no untrusted text in a command', () => {
    expect(commands.filter((command) => command.includes('${{'))).toEqual([]);
  });

  it('verifies what its commands download', () => {
    const downloads = commands.filter((command) => /\b(?:curl|wget)\b/.test(command));
    expect(downloads.filter((command) => !command.includes('sha256sum --check'))).toEqual([]);
  });

  it('fails with any command of a pipe', () => {
    // GitHub, workflow syntax, defaults.run.shell: only a shell that is named gets pipefail.
    if (commands.length > 0) expect(workflow.defaults).toEqual({ run: { shell: 'bash' } });
  });

  it('runs make with the Node.js that releases contain', () => {
    if (commands.some((command) => /\bmake\b/.test(command))) expect(workflow.env).toEqual({ PINNED_NODE: '1' });
  });

  it('leaves no credential in the checkout', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
  });

  it('has a time limit for each job, and does not run twice for one branch', () => {
    const minutes = jobs.map(([, job]) => job['timeout-minutes'] ?? Infinity);
    expect(Math.max(...minutes)).toBeLessThanOrEqual(150);
    expect(workflow.concurrency).toBeDefined();
  });

  it('runs on fixed releases of its systems', () => {
    expect(text).not.toContain('-latest');
  });

  it('runs targets and scripts that exist', () => {
    const made = commands.flatMap((command) =>
      [...command.matchAll(/\bmake (?:-s )?([a-z-]+)/g)].map(([, name = '']) => name),
    );
    expect(made.filter((name) => !targets.has(name))).toEqual([]);
    const scripts = commands.flatMap((command) => command.match(/\bdeploy\/[\w/-]+\.(?:sh|ts)/g) ?? []);
    for (const script of scripts) expect(() => read(script)).not.toThrow();
  });
});

describe('the release', () => {
  const jobs: Workflow['jobs'] = workflows.find(({ file }) => file.endsWith('/release.yml'))?.workflow.jobs ?? {};
  const needsOf = (name: string): string[] => {
    const needs = [jobs[name]?.needs ?? []].flat();
    return [...needs, ...needs.flatMap(needsOf)];
  };
  const publishing = Object.entries(jobs).filter(([, { permissions = {} }]) =>
    Object.values(permissions).includes('write'),
  );

  it.each(publishing)("%s waits for tests, fuzzing and packages, and for a person's approval", (name, job) => {
    expect(needsOf(name)).toEqual(expect.arrayContaining(['check', 'test', 'fuzz', 'package', 'archives', 'image']));
    expect(job.environment).toBe('release');
  });

  it('publishes the image, the npm package, the chart and the files', () => {
    expect(publishing.map(([name]) => name)).toEqual(['publish-image', 'publish-npm', 'publish-chart', 'release']);
  });
});

it('Dependabot updates all pinned versions', () => {
  const { updates } = parse(read('.github/dependabot.yml')) as {
    updates: { 'package-ecosystem': string; directory?: string; directories?: string[] }[];
  };
  const npm = updates.find((update) => update['package-ecosystem'] === 'npm')?.directories ?? [];
  const lockFiles = globSync('**/package-lock.json', {
    cwd: ROOT,
    exclude: ['**/node_modules', '.*', '**/made', 'packages'],
  });
  expect(lockFiles.map((file) => join('/', file, '..')).toSorted()).toEqual(npm.toSorted());
  expect(updates.map((update) => update['package-ecosystem'])).toEqual(['npm', 'pip', 'docker', 'github-actions']);
});

// toolchain/actionlint.sh installs it for make test.
const hasActionlint = spawnSync('actionlint', ['-version']).status === 0;
it.skipIf(!hasActionlint)(`actionlint finds nothing${hasActionlint ? '' : ' (skipped: it is not installed)'}`, () => {
  const { status, stdout } = spawnSync('actionlint', files, { cwd: ROOT, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});

function allowing(access: 'read' | 'write', names: readonly string[]): Permissions {
  return Object.fromEntries(names.map((name) => [name, access]));
}
