import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { vi } from 'vitest';
import { readProxyConfig } from '../lib/proxyConfig.ts';
import { readSettings } from '../lib/settings.ts';
import { XksProxyStack } from '../lib/xksProxyStack.ts';
import { CONFIG_FILE, givenContext } from './givenContext.ts';

/**
 * Synthesizes the template with the context of cdk.json and these changes, of config.yaml unless another file is given.
 */
export function synthesize(
  changes: Readonly<Record<string, unknown>> = {},
  proxyConfig = readProxyConfig(CONFIG_FILE),
): Template {
  // Validation against CloudFormation's schema takes seconds, so only cdkSynth.test.ts does it.
  vi.stubEnv('CDK_VALIDATION', 'false');
  const settings = readSettings(givenContext(changes));
  // Without a folder of ours, the CDK leaves one behind.
  const outdir = mkdtempSync(join(tmpdir(), 'xks-proxy-cdk-'));
  try {
    return Template.fromStack(new XksProxyStack(new App({ outdir }), 'Test', { settings, proxyConfig }));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

/** The logical id of the only resource of this type whose id contains `part`. */
export function idOf(template: Template, type: string, part = ''): string {
  const ids = Object.keys(template.findResources(type)).filter((id) => id.includes(part));
  if (ids.length !== 1) throw new Error(`There are ${ids.length} of ${type} with ${part}: ${ids.join(', ')}`);
  return ids[0] ?? '';
}
