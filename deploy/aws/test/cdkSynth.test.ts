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

// cdk.json has a context key that makes CDK check the templates against CloudFormation's schema.
it('cdk synth needs no account, network or docker, and gives a valid, protected stack, with all options too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xks-proxy-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const app = ['--app', `node ${join(import.meta.dirname, 'appTwice.ts')}`];
  const command = ['node_modules/aws-cdk/bin/cdk', 'synth', '--quiet', '--output', join(folder, 'out'), ...app];
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
      OPTIONS: JSON.stringify(OPTIONS),
      OPTIONS_OUT: join(folder, 'with options'),
    },
  });

  for (const out of ['out', 'with options']) {
    const read = (file: string) => JSON.parse(readFileSync(join(folder, out, file), 'utf8')) as object;
    const manifest = read('manifest.json');
    expect(manifest).toMatchObject({ artifacts: { XksProxy: { properties: { terminationProtection: true } } } });
    // What is missing would be looked up in an account.
    expect(manifest).not.toHaveProperty('missing');
    expect(read('XksProxy.assets.json')).toMatchObject({ dockerImages: {} });
    const template = JSON.stringify(read('XksProxy.template.json'));
    expect(template).toContain('"Resources"');
    expect(template.includes(OPTIONS.transitGatewayId)).toBe(out === 'with options');
    // Fails if that check was switched off.
    expect(read('validation-report.json')).toMatchObject({ pluginReports: [] });
  }
});
