import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const SCRIPT = `
  const { loadPolicySet } = await import('./src/policy/policySet.ts');
  const { atOnce } = await import('./src/timing/steps.ts');
  const { PolicyEngine } = await import('./src/policy/policyEngine.ts');
  const { policySet } = atOnce(loadPolicySet('@id("all") permit(principal, action, resource);', 'all.cedar'));
  const engine = new PolicyEngine(policySet);
  const { allowed } = engine.decide({
    api: 'Encrypt',
    keyStore: 'first',
    externalKey: { id: 'key', tags: {} },
    requestMetadata: { awsPrincipalArn: 'arn:aws:iam::123456789012:user/Alice', kmsOperation: 'Encrypt', kmsRequestId: '1', kmsKeyArn: 'any' },
  });
  if (!allowed) throw new Error('denied');
`;

/** V8's output about the WebAssembly functions that it has compiled. */
function compiled(): readonly string[] {
  const flags = ['--trace-wasm-compilation-times', '--input-type=module', '--eval', SCRIPT];
  const cwd = join(import.meta.dirname, '../../..');
  return execFileSync(process.execPath, flags, { cwd, encoding: 'utf8', env: {} }).split('\n');
}

it('V8 optimizes hardly any function of Cedar while a policy is loaded, because that would take 25 MiB', () => {
  const lines = compiled();
  expect(lines.filter((line) => line.includes('using Liftoff')).length).toBeGreaterThan(1_000);
  // Without the budget, V8 optimizes 27.
  expect(lines.filter((line) => line.includes('using TurboFan')).length).toBeLessThan(10);
});
