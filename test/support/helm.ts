import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import type { Manifest } from './manifestProblems.ts';

export const CHART = join(import.meta.dirname, '../../deploy/helm/xks-proxy');

const version = spawnSync('helm', ['version', '--short'], { encoding: 'utf8' });

/** Whether Helm is on the PATH. toolchain/helm.sh installs it. */
export const hasHelm = version.status === 0;

/** Whether a dry run of an installation, which prints the notes, works without a cluster. */
export const showsNotes = hasHelm && !version.stdout.startsWith('v3.');

/** A note in the names of skipped tests. */
export const WITHOUT_HELM = hasHelm ? '' : ' (skipped: Helm is not installed; make helm installs it)';

/** The example configuration. */
export const CONFIG = parse(readFileSync(join(CHART, 'examples/config.yaml'), 'utf8')) as {
  readonly server: { readonly drainSeconds: number; readonly fleetSize: number };
  readonly keyManagers: readonly [{ readonly pkcs11: object }];
  readonly keyStores: readonly [object];
};
/** The configuration without an audit log. Helm gets it as JSON, which omits undefined members. */
export const NO_AUDIT = { ...CONFIG, audit: undefined };
/** Values for one pod. */
export const ONE_POD = { replicas: 1, autoscaling: { enabled: false } };
/** Values for an audit log that each pod continues. */
export const ONE_LOG = {
  audit: { existingClaim: 'audit' },
  config: {
    ...CONFIG,
    audit: { directory: '/var/lib/xks-proxy/audit', origin: 'xks.example.com/one', key: { file: 'audit.key' } },
  },
};

/** Runs Helm with the chart's example values and configuration, overridden by these values. */
export function helm(command: readonly string[], values: object = {}) {
  // A configuration that --set-file passes has precedence.
  const config = 'config' in values ? [] : ['--set-file', `config=${join(CHART, 'examples/config.yaml')}`];
  const args = [...command, CHART, '--values', join(CHART, 'examples/values.yaml'), '--values', '-', ...config];
  const { status, stdout, stderr } = spawnSync('helm', args, { encoding: 'utf8', input: JSON.stringify(values) });
  return { status, stdout, stderr };
}

/**
 * The chart's objects with the example values, overridden by these values. Throws Helm's output if Helm refuses them.
 */
export function render(values: object = {}, release = 'xks-proxy'): readonly Manifest[] {
  const { status, stdout, stderr } = helm(['template', release, '--namespace', 'keys'], values);
  if (status !== 0) throw new Error(stderr);
  // Parsed as Kubernetes does: in YAML 1.1, `off` and 0440 differ from YAML 1.2.
  return parseAllDocuments(stdout, { version: '1.1' }).map((document) => {
    if (document.errors[0]) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}
