import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { APP_FOLDER } from './givenContext.ts';

/** The settings that enable every optional part. */
const OPTIONS = {
  transitGatewayId: 'tgw-0123456789abcdef0',
  hostedZoneId: 'Z0123456789ABCDEFGHIJ',
  hostedZoneName: 'example.com',
  alarmEmail: 'operators@example.com',
  customKeyStoreId: 'cks-1234567890abcdef0',
};

// cdk.json has a context key that makes CDK check the template against CloudFormation's schema.
it.each([{}, OPTIONS])(
  'cdk synth %o needs no account, network or docker, and gives a valid, protected stack',
  (options) => {
    const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const context = Object.entries<string>(options).flatMap(([key, value]) => ['--context', `${key}=${value}`]);
    const command = ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--output', join(folder, 'out'), ...context];
    const nowhere = 'http://127.0.0.1:9';
    execFileSync(process.execPath, command, {
      cwd: APP_FOLDER,
      stdio: 'pipe',
      // There are no credentials and no docker on the PATH. A request to the internet would fail.
      env: {
        PATH: `${dirname(process.execPath)}:/bin`,
        HOME: folder,
        AWS_EC2_METADATA_DISABLED: 'true',
        HTTP_PROXY: nowhere,
        HTTPS_PROXY: nowhere,
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      },
    });

    const read = (file: string) => JSON.parse(readFileSync(join(folder, 'out', file), 'utf8')) as object;
    expect(read('manifest.json')).toMatchObject({
      artifacts: { XksProxy: { properties: { terminationProtection: true } } },
    });
    expect(read('XksProxy.assets.json')).toMatchObject({ dockerImages: {} });
    expect(read('XksProxy.template.json')).toHaveProperty('Resources');
    // Fails if that check was switched off.
    expect(read('validation-report.json')).toMatchObject({ pluginReports: [] });
  },
);
