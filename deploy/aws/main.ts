import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { readProxyConfig } from './lib/proxyConfig.ts';
import { readSettings } from './lib/settings.ts';
import { XksProxyStack } from './lib/xksProxyStack.ts';

const app = new App();
const settings = readSettings((key) => app.node.tryGetContext(key) as unknown);
new XksProxyStack(app, settings.stackName, {
  settings,
  proxyConfig: readProxyConfig(join(import.meta.dirname, settings.configFile)),
  // Without this stack, data that the key store's keys protect cannot be decrypted.
  terminationProtection: true,
});
