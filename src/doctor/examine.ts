import { ConfigError } from '../config/problems/problem.ts';
import { redactError } from '../redactError.ts';
import { checkAudit } from './audit.ts';
import { checkBlockList } from './blockList.ts';
import { checkClock } from './clock.ts';
import { checkConfiguration } from './configuration.ts';
import { failure, type Check, type DoctorContext } from './context.ts';
import { checkDescriptors } from './descriptors.ts';
import type { Finding } from '../finding.ts';
import { checkKeyManagers } from './keyManagers.ts';
import { checkNode } from './node.ts';
import { checkPolicies } from './policies.ts';
import { checkPorts } from './ports.ts';
import { checkTls } from './tls.ts';

const ALWAYS = { node: checkNode, configuration: checkConfiguration } satisfies Record<string, Check<DoctorContext>>;

// Checks that need a configuration that loads.
const LOADED = {
  tls: checkTls,
  clock: checkClock,
  ports: checkPorts,
  descriptors: checkDescriptors,
  blockList: checkBlockList,
  audit: checkAudit,
  policies: checkPolicies,
  keyManagers: checkKeyManagers,
} satisfies Record<string, Check>;

/** Checks everything that `serve` would need, one check after another. Never throws. */
export async function* examine(context: DoctorContext): AsyncGenerator<Finding> {
  for (const [name, check] of Object.entries(ALWAYS)) yield* guarded(name, () => check(context));
  const { loaded } = context;
  if (loaded instanceof ConfigError) return;
  for (const [name, check] of Object.entries(LOADED)) yield* guarded(name, () => check({ ...context, ...loaded }));
}

async function* guarded(name: string, run: () => ReturnType<Check>): AsyncGenerator<Finding> {
  try {
    yield* run();
  } catch (error) {
    yield failure(name, `the check itself failed: ${redactError(error)}`, 'report this as a bug of xks-proxy');
  }
}
