import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { permissions } from './cdkTemplate.ts';
import { describeCommonFacts } from './commonFacts.ts';
import { ExamplePlan } from './examplePlan.ts';
import { describeWithProvider } from './terraformFolder.ts';

describeWithProvider('the example for EC2', () => {
  const plan = new ExamplePlan('ec2');
  describeCommonFacts(plan);

  it('keeps fleetSize instances, and replaces them one after another', () => {
    expect(plan.only('aws_autoscaling_group')).toMatchObject({
      min_size: 2,
      max_size: 2,
      desired_capacity: 2,
      wait_for_elb_capacity: 2,
      health_check_type: 'ELB',
      vpc_zone_identifier: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
      instance_refresh: [{ strategy: 'Rolling', preferences: [{ min_healthy_percentage: 100, auto_rollback: true }] }],
    });
  });

  it('has encrypted volumes, and metadata that only the instance itself can read', () => {
    expect(plan.only('aws_launch_template')).toMatchObject({
      metadata_options: [{ http_tokens: 'required', http_put_response_hop_limit: 1 }],
      block_device_mappings: [{ ebs: [{ encrypted: 'true', delete_on_termination: 'true' }] }],
      private_dns_name_options: [{ hostname_type: 'resource-name' }],
    });
  });

  it('lets an instance read only the two secrets and the package', () => {
    const secret = (name: string) => `arn:aws:secretsmanager:us-east-1:111122223333:secret:xks-proxy/${name}-AbCdEf`;
    const granted = plan.all('aws_iam_role_policy').flatMap(({ policy }) => permissions(JSON.parse(policy as string)));
    expect(granted.sort()).toEqual([
      's3:GetObject arn:aws:s3:::example-packages/xks-proxy_1.0.0_amd64.deb',
      ...['secrets', 'tls'].map((name) => `secretsmanager:DescribeSecret ${secret(name)}`),
      ...['secrets', 'tls'].map((name) => `secretsmanager:GetSecretValue ${secret(name)}`),
    ]);
  });

  describe('the user data', () => {
    const userData = () => {
      const { user_data } = plan.only('aws_launch_template');
      return gunzipSync(Buffer.from(user_data as string, 'base64')).toString();
    };
    /** The text between `cat >FILE` or `base64 --decode >'FILE'` and END. */
    const written = (file: string) => {
      const [, text = ''] = new RegExp(`>'?${file}'? <<'END'\\n([^]*?)END\\n`).exec(userData()) ?? [];
      return text;
    };

    it('is a shell script', () => {
      expect(spawnSync('sh', ['-n'], { input: userData(), encoding: 'utf8' })).toMatchObject({
        status: 0,
        stderr: '',
      });
    });

    it('installs the package only with the given checksum', () => {
      expect(userData()).toContain("aws s3 cp --only-show-errors 's3://example-packages/xks-proxy_1.0.0_amd64.deb'");
      expect(userData()).toMatch(/echo '0{64} {2}\/run\/xks-proxy.deb' \| sha256sum --check --quiet\n.*dpkg --install/);
    });

    it('writes the configuration and the script', () => {
      const decoded = (file: string) => Buffer.from(written(file), 'base64').toString();
      expect(decoded('/etc/xks-proxy/config.yaml')).toBe(
        readFileSync(join(plan.folder, 'examples/ec2/config.yaml'), 'utf8'),
      );
      expect(decoded('/usr/local/sbin/xks-proxy-secrets')).toBe(
        readFileSync(join(plan.folder, 'proxy/fetch-secrets.sh'), 'utf8'),
      );
    });

    it('gives the script the names of all secrets and both TLS files, and contains none of their values', () => {
      expect(written('/etc/systemd/system/xks-proxy-secrets.service')).toMatch(
        / \/run\/xks-proxy-secrets arn:\S+secrets-AbCdEf arn:\S+tls-AbCdEf server.crt server.key XKS_AUDIT_KEY XKS_HSM_PIN XKS_EXAMPLE_SECRET\n/,
      );
    });

    const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
    it.skipIf(!hasSystemd)('has valid systemd units', () => {
      const units = ['xks-proxy-secrets.service', 'xks-proxy-secrets.timer'].map((name) => {
        const file = join(plan.folder, name);
        const program = written(`/etc/systemd/system/${name}`).replace(
          '/usr/local/sbin/xks-proxy-secrets',
          '/bin/true',
        );
        writeFileSync(file, program);
        return file;
      });
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], { encoding: 'utf8' });
      expect({ status, problems: stderr.split('\n').filter((line) => line.includes(plan.folder)) }).toEqual({
        status: 0,
        problems: [],
      });
    });
  });
});
