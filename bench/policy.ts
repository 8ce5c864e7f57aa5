import { PolicyEngine } from '../src/policy/policyEngine.ts';
import { policySetOf } from '../test/support/policySetOf.ts';
import type { PolicySubject } from '../src/policy/requestOf.ts';
import { median } from './statistics.ts';
import { table } from './table.ts';

/**
 * Measures the cost of policy decisions with few and many policies, and of loading them. "Made" decisions are for ever new
 * requests, "remembered" ones for the same request with another kmsRequestId. Prints a table of microseconds.
 */

function policiesOf(count: number): string {
  const one = (index: number) => `@id("account-${index}")
permit (principal in Account::"${String(100_000_000_000 + index)}", action in [Action::"Encrypt", Action::"Decrypt"], resource)
when { context has kmsViaServiceName && ["ebs", "rds"].contains(context.kmsViaServiceName) };`;
  return Array.from({ length: count }, (_, index) => one(index)).join('\n');
}

function subject(session: string): PolicySubject {
  return {
    api: 'Decrypt',
    keyStore: 'orders',
    externalKey: { id: 'payments', tags: { team: 'billing' } },
    requestMetadata: {
      kmsRequestId: crypto.randomUUID(),
      kmsOperation: 'Decrypt',
      awsPrincipalArn: `arn:aws:sts::100000000000:assumed-role/PaymentsApp/${session}`,
      kmsKeyArn: 'arn:aws:kms:us-east-1:100000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      kmsViaService: 'rds.us-east-1.amazonaws.com',
      awsSourceVpce: 'vpce-0123456789abcdef0',
    },
    vpcEndpointId: 'vpce-0fedcba9876543210',
  };
}

/** Returns the microseconds of one call, the median of several rounds. */
function measure(calls: number, call: (index: number) => void): number {
  const rounds = Array.from({ length: 11 }, (_, round) => {
    const start = performance.now();
    for (let index = 0; index < calls; index += 1) call(round * calls + index);
    return ((performance.now() - start) * 1000) / calls;
  });
  return median(rounds);
}

const rows = [1, 10, 100, 1_000].map((count) => {
  const text = policiesOf(count);
  policySetOf(text, 'bench.cedar');
  const start = performance.now();
  const engine = new PolicyEngine(policySetOf(text, 'bench.cedar'));
  const loading = performance.now() - start;
  const decide = (session: string) => {
    if (!engine.decide(subject(session)).allowed) throw new Error('the benchmark has a wrong policy');
  };
  const made = measure(count < 1_000 ? 400 : 100, (index) => {
    decide(`i-${index}`);
  });
  const remembered = measure(10_000, () => {
    decide('i-0');
  });
  engine.release();
  return [count, made.toFixed(0), remembered.toFixed(1), (loading * 1000).toFixed(0)];
});

process.stdout.write(`Microseconds:\n\n${table(['policies', 'made', 'remembered', 'loaded'], rows)}\n`);
