import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { vi } from 'vitest';
import { readProxyConfig } from '../lib/proxyConfig.ts';
import { readSettings } from '../lib/settings.ts';
import { XksProxyStack } from '../lib/xksProxyStack.ts';
import { CONFIG_FILE, givenContext } from './givenContext.ts';

/** The template of config.yaml, unless another is given, and the context of cdk.json with these changes. */
export function synthesize(
  changes: Readonly<Record<string, unknown>> = {},
  proxyConfig = readProxyConfig(CONFIG_FILE),
): Template {
  // Validation against the schema of CloudFormation takes seconds; cdkSynth.test.ts has it.
  vi.stubEnv('CDK_VALIDATION', 'false');
  const settings = readSettings(givenContext(changes));
  return Template.fromStack(new XksProxyStack(new App(), 'Test', { settings, proxyConfig }));
}

/** The logical id of the only resource of a type whose id has this part. */
export function idOf(template: Template, type: string, part = ''): string {
  const ids = Object.keys(template.findResources(type)).filter((id) => id.includes(part));
  if (ids.length !== 1) throw new Error(`There are ${ids.length} of ${type} with ${part}: ${ids.join(', ')}`);
  return ids[0] ?? '';
}
