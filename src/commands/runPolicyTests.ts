import { isDeepStrictEqual } from 'node:util';
import { misspeltFields, type PolicyTest } from '../config/policyTests.ts';
import type { Decision } from '../policy/policyEngine.ts';
import type { ChosenPolicies } from './choosePolicies.ts';
import { CommandFailure, type Cli } from './cli.ts';
import { describeDecision, describeUnmet } from './describeDecision.ts';

/** Runs a table of tests and prints the result of each. Throws CommandFailure if the policies decide otherwise than expected. */
export function runPolicyTests(
  cli: Pick<Cli, 'out' | 'err'>,
  tests: readonly PolicyTest[],
  policies: ChosenPolicies,
): void {
  const failed = tests.filter(({ name, request, expect }) => {
    for (const warning of misspeltFields(request)) cli.err(`warning: ${name}: ${warning}`);
    const decision = policies.decide(request);
    const passes = isExpected(decision, expect);
    cli.out(`${passes ? 'ok  ' : 'FAIL'} ${name}`);
    if (passes) return false;
    cli.out(`       expected: ${describeExpected(expect)}`);
    cli.out(`       actual:   ${describeDecision(decision)}`);
    if (decision.policyIds.length === 0)
      for (const explanation of policies.explain(request)) cli.out(indent(describeUnmet(explanation)));
    return true;
  });
  if (failed.length > 0) throw new CommandFailure(`${failed.length} of ${tests.length} policy tests failed`);
  cli.out(`${tests.length} policy tests passed`);
}

function isExpected({ allowed, policyIds, error }: Decision, { decision, policies }: PolicyTest['expect']): boolean {
  if (error !== undefined || allowed !== (decision === 'allow')) return false;
  return policies === undefined || isDeepStrictEqual(policies.toSorted(), policyIds);
}

function describeExpected({ decision, policies }: PolicyTest['expect']): string {
  if (policies === undefined) return decision;
  return describeDecision({ allowed: decision === 'allow', policyIds: policies });
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '       ');
}
