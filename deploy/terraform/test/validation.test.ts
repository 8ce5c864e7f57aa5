import { afterAll, beforeAll, expect, it } from 'vitest';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeTerraform, TerraformFolder, type Diagnostic } from './terraformFolder.ts';

const secret = (name: string) => `arn:aws:secretsmanager:us-east-1:111122223333:secret:${name}-AbCdEf`;
const PROXY = {
  source: './proxy-variables',
  private_dns_name: 'xks-proxy.example.com',
  config_file: 'examples/fargate/config.yaml',
  secret_arn: secret('secrets'),
  tls_secret_arn: secret('tls'),
  hsm_cidrs: ['10.20.0.0/24'],
  hsm_ports: [1792],
  new_vpc: { cidr: '10.0.0.0/24', availability_zones: ['us-east-1a', 'us-east-1b'] },
  fargate: { image: `111122223333.dkr.ecr.us-east-1.amazonaws.com/xks-proxy@sha256:${'0'.repeat(64)}` },
};
const EXISTING = { new_vpc: null, existing_vpc: { id: 'vpc-0a', subnet_ids: { a: 'subnet-0a', b: 'subnet-0b' } } };
const EC2 = { fargate: null, ec2: { ami_id: 'ami-0a' }, config_file: 'examples/ec2/config.yaml' };
const PACKAGE = { bucket: 'example', key: 'xks-proxy.deb', sha256: '0'.repeat(64) };

/** Wrong variables of the module proxy, each with the message that it causes. */
const BAD_VARIABLES: Readonly<Record<string, readonly [changes: object, message: RegExp]>> = {
  'a name with a blank': [{ name: 'xks proxy' }, /letters, digits and hyphens/],
  'a private DNS name that is not a subdomain': [{ private_dns_name: 'example.com' }, /must be a subdomain/],
  'a private DNS name in capitals': [{ private_dns_name: 'XKS.example.com' }, /in lower case/],
  'no configuration': [{ config_file: 'nowhere.yaml' }, /must be the path of a file/],
  'a partial ARN': [{ secret_arn: 'arn:aws:secretsmanager:us-east-1:111122223333:secret:pin' }, /six characters/],
  'a secret instead of its ARN': [{ tls_secret_arn: 'the key itself' }, /tls_secret_arn must be the complete ARN/],
  IPv6: [{ hsm_cidrs: ['fd00::/8'] }, /IPv4/],
  'no HSM': [{ hsm_cidrs: [] }, /one or more IPv4 ranges/],
  'a port above 65535': [{ hsm_ports: [65536] }, /from 1 to 65535/],
  'no VPC': [{ new_vpc: null }, /exactly one of new_vpc and existing_vpc/],
  'two VPCs': [{ existing_vpc: EXISTING.existing_vpc }, /exactly one of new_vpc and existing_vpc/],
  'one zone': [{ new_vpc: { ...PROXY.new_vpc, availability_zones: ['us-east-1a'] } }, /at least two different zones/],
  'two subnets in one zone': [{ new_vpc: { ...PROXY.new_vpc, availability_zones: ['a', 'a'] } }, /two different zones/],
  'a VPC whose addresses overlap with those of the HSMs': [
    { new_vpc: { ...PROXY.new_vpc, cidr: '10.20.0.0/16' } },
    /must not overlap/,
  ],
  'a VPC inside the range of the HSMs': [{ hsm_cidrs: ['192.168.0.0/16', '10.0.0.0/8'] }, /must not overlap/],
  'no transit gateway': [{ new_vpc: { ...PROXY.new_vpc, transit_gateway_id: 'vpc-0a' } }, /an id such as tgw-/],
  'one subnet of an existing VPC': [
    { ...EXISTING, existing_vpc: { id: 'vpc-0a', subnet_ids: { a: 'subnet-0a' } } },
    /at least two zones to private subnets/,
  ],
  'no address for AWS services': [
    { ...EXISTING, existing_vpc: { ...EXISTING.existing_vpc, aws_service_cidrs: [] } },
    /aws_service_cidrs must be one or more IPv4 ranges/,
  ],
  'a prefix list without its id': [
    { ...EXISTING, existing_vpc: { ...EXISTING.existing_vpc, s3_prefix_list_id: 'com.amazonaws.us-east-1.s3' } },
    /an id such as pl-/,
  ],
  'neither Fargate nor EC2': [{ fargate: null }, /exactly one of fargate and ec2/],
  'both Fargate and EC2': [{ ec2: EC2.ec2 }, /exactly one of fargate and ec2/],
  'an image from elsewhere': [{ fargate: { image: 'docker.io/library/node:24' } }, /must be an image in Amazon ECR/],
  'an image without tag or digest': [
    { fargate: { image: '111122223333.dkr.ecr.eu-west-1.amazonaws.com/x' } },
    /must be an image in Amazon ECR/,
  ],
  'no AMI': [{ ...EC2, ec2: { ami_id: 'debian' } }, /an id such as ami-/],
  'a package without its checksum': [
    { ...EC2, ec2: { ami_id: 'ami-0a', package: { ...PACKAGE, sha256: 'x' } } },
    /64 hexadecimal digits/,
  ],
  'a package whose key is a shell command': [
    { ...EC2, ec2: { ami_id: 'ami-0a', package: { ...PACKAGE, key: "'; reboot; '.deb" } } },
    /the key of a \.deb/,
  ],
};

const KEY_STORE = {
  source: './key-store-variables',
  custom_key_store_id: null,
  key_store: { name: 'example', uri_endpoint: 'https://xks.example.com', uri_path: '/example/kms/xks/v1' },
  credential: { access_key_id: 'MUBSXM6K3KMXHN6RRCXI7TWQH4', raw_secret_access_key: 'A'.repeat(43) },
};
const ALICE = 'arn:aws:iam::111122223333:user/Alice';
const store = (changes: object) => ({ key_store: { ...KEY_STORE.key_store, ...changes } });
const key = (changes: object) => ({ keys: { one: { xks_key_id: 'foo', ...changes } } });

const BAD_KEY_STORES: typeof BAD_VARIABLES = {
  'neither an id nor a key store': [{ key_store: null, credential: null }, /exactly one of custom_key_store_id/],
  'an id and a key store': [{ custom_key_store_id: 'cks-1234567890abcdef0' }, /exactly one of custom_key_store_id/],
  'no credential': [{ credential: null }, /credential must be set if key_store is set/],
  'an access key id of AWS': [
    { credential: { ...KEY_STORE.credential, access_key_id: 'AKIAIOSFODNN7EXAMPL0' } },
    /A-Z and 2-7/,
  ],
  'a short secret': [{ credential: { ...KEY_STORE.credential, raw_secret_access_key: 'short' } }, /43 to 64/],
  'plain HTTP': [store({ uri_endpoint: 'http://xks.example.com' }), /must be https/],
  'a port': [store({ uri_endpoint: 'https://xks.example.com:8443' }), /without port and path/],
  'a prefix for the path': [store({ uri_path: '/example' }), /must end with \/kms\/xks\/v1/],
  'no name of an endpoint service': [
    store({ vpc_endpoint_service_name: 'vpce-svc-0a' }),
    /must be the output xks_proxy_vpc_endpoint_service_name/,
  ],
  'an ARN for the key': [key({ xks_key_id: 'arn:aws:kms:x' }), /1 to 128 letters/],
  'an external key twice': [{ keys: { one: { xks_key_id: 'foo' }, two: { xks_key_id: 'foo' } } }, /must all differ/],
  'an alias with its prefix': [key({ alias: 'alias/foo' }), /neither alias\/ nor aws\//],
  'two policies': [key({ policy: '{}', administrators: [ALICE] }), /either policy, or/],
  'a key without administrators': [key({ users: [ALICE] }), /administrators must not be empty/],
  'everybody as user': [key({ administrators: [ALICE], users: ['*'] }), /must be ARNs of roles or users/],
  'a key that is deleted at once': [key({ deletion_window_in_days: 1 }), /from 7 to 30/],
};

/** Problems of a configuration: the platform, the text to replace in its example, the new text, and the message. */
const BAD_CONFIGS: Readonly<
  Record<string, readonly [platform: 'fargate' | 'ec2', from: string, to: string, message: RegExp]>
> = {
  'a privileged port': ['fargate', 'port: 8443', 'port: 443', /server.port must be set, and above 1023/],
  'monitoring on localhost': ['fargate', 'host: 0.0.0.0 # for', 'host: 127.0.0.1 # for', /monitoring.host must be/],
  'PROXY protocol off': ['ec2', 'enabled: true', 'enabled: false', /the load balancer sends PROXY protocol headers/],
  'one proxy': ['ec2', 'fleetSize: 2', 'fleetSize: 1', /must be at least 2/],
  'no drain': ['fargate', 'drainSeconds: 20', '', /server.drainSeconds must be set/],
  'a TLS key elsewhere': ['fargate', 'File: server.key', 'File: /etc/server.key', /beside the configuration/],
  'a TLS key on the disk': ['ec2', '/run/xks-proxy-secrets/server.key', 'server.key', /files in \/run\/xks-proxy-secr/],
  'a secret in a file of a task': ['fargate', '{ env: XKS_HSM_PIN }', '{ file: pin }', /must be \{env: NAME\}/],
  'a secret in the environment of an instance': [
    'ec2',
    '{ file: /run/xks-proxy-secrets/XKS_HSM_PIN }',
    '{ env: XKS_HSM_PIN }',
    /XKS_HSM_PIN comes from the environment/,
  ],
  'a missing file': ['ec2', 'keys:\n', 'policyFile: none.cedar\n    keys:\n', /names none.cedar, which must be/],
  'an audit log elsewhere': ['ec2', '/var/lib/xks-proxy/audit', '/var/log', /audit.directory must be/],
  'two audit logs with the same name': ['ec2', '/${HOSTNAME}', '', /audit.origin must contain \$\{HOSTNAME\}/],
  'files that are too long': [
    'fargate',
    'keyManagers:',
    `#${'x'.repeat(50_000)}\nkeyManagers:`,
    /the maximum is 49152/,
  ],
};

describeTerraform('a module', () => {
  let folder: TerraformFolder;
  let problems: readonly Diagnostic[];

  // These modules have no resources, so the plan needs no provider.
  beforeAll(async () => {
    const modules = (prefix: string, good: object, bad: typeof BAD_VARIABLES) =>
      Object.entries(bad).map(([problem, [changes]]) => [nameOf(prefix, problem), { ...good, ...changes }] as const);
    const configs = Object.entries(BAD_CONFIGS).map(
      ([problem, [platform]]) =>
        [
          nameOf('config', problem),
          { source: './proxy/config', fargate: platform === 'fargate', file: fileOf(problem) },
        ] as const,
    );
    folder = await TerraformFolder.create({});
    for (const module of ['proxy', 'key-store'])
      cpSync(join(folder.path, module, 'variables.tf'), join(folder.path, `${module}-variables/variables.tf`));
    for (const [problem, [platform, from, to]] of Object.entries(BAD_CONFIGS)) {
      const text = readFileSync(join(folder.path, `examples/${platform}/config.yaml`), 'utf8');
      const changed = text.replace(from, () => to);
      expect(changed).not.toBe(text);
      writeFileSync(join(folder.path, fileOf(problem)), changed);
    }
    problems = await problemsOf({
      good_fargate: PROXY,
      good_ec2: { ...PROXY, ...EC2, ...EXISTING },
      good_key_store: KEY_STORE,
      good_keys: { source: KEY_STORE.source, custom_key_store_id: 'cks-1234567890abcdef0' },
      ...Object.fromEntries([
        ...modules('proxy', PROXY, BAD_VARIABLES),
        ...modules('key_store', KEY_STORE, BAD_KEY_STORES),
        ...configs,
      ]),
    });
  });

  afterAll(() => {
    folder.dispose();
  });

  /** Plans again without the faulty modules, because Terraform checks in steps and stops after a step with problems. */
  async function problemsOf(modules: Readonly<Record<string, object>>): Promise<Diagnostic[]> {
    folder.write('main.tf.json', { module: modules });
    await folder.run('init', '-no-color', '-input=false');
    const { stdout } = await folder.try('plan', '-json', '-input=false');
    const found = stdout
      .split('\n')
      .filter((line) => line.includes('"@level":"error"'))
      .map((line) => (JSON.parse(line) as { readonly diagnostic: Diagnostic }).diagnostic);
    const others = Object.entries(modules).filter(([name]) => said(name, found) === '');
    return found.length === 0 || others.length === Object.keys(modules).length
      ? found
      : [...found, ...(await problemsOf(Object.fromEntries(others)))];
  }

  it.each(Object.entries(BAD_VARIABLES))('proxy refuses %s', (problem, [, message]) => {
    expect(said(nameOf('proxy', problem), problems)).toMatch(message);
  });

  it.each(Object.entries(BAD_KEY_STORES))('key-store refuses %s', (problem, [, message]) => {
    expect(said(nameOf('key_store', problem), problems)).toMatch(message);
  });

  it.each(Object.entries(BAD_CONFIGS))('proxy refuses a configuration with %s', (problem, [, , , message]) => {
    expect(said(fileOf(problem), problems)).toMatch(message);
  });

  it('is formatted like the output of terraform fmt', async () => {
    const { stdout } = await folder.run('fmt', '-check', '-recursive', '-diff');
    expect(stdout).toBe('');
  });

  it('accepts good variables and configurations, and reports no other problem', () => {
    const expected = [BAD_VARIABLES, BAD_KEY_STORES, BAD_CONFIGS].map((bad) => Object.keys(bad).length);
    expect(problems.filter(({ snippet }) => snippet?.context?.startsWith('module.good'))).toEqual([]);
    expect(new Set(problems.map((problem) => whose(problem))).size).toBe(expected.reduce((sum, count) => sum + count));
  });
});

function nameOf(prefix: string, problem: string): string {
  return `${prefix}_${problem.replaceAll(/[^A-Za-z]/g, '_')}`;
}

function fileOf(problem: string): string {
  return `${nameOf('config', problem)}.yaml`;
}

/** The module or the configuration that has the problem. */
function whose({ snippet, detail }: Diagnostic): string {
  return /config_\w+\.yaml/.exec(detail)?.[0] ?? (snippet?.context ?? '').replace('module.', '');
}

/** Terraform's messages about a module or a configuration. */
function said(name: string, problems: readonly Diagnostic[]): string {
  return problems
    .filter((problem) => [name, `${name}.yaml`].includes(whose(problem)))
    .map(({ detail }) => detail)
    .join('\n');
}
