import { isIPv4 } from 'node:net';
import { z } from 'zod';
import { ConfigError, locate } from '../config/problems/problem.ts';
import { toRemarks } from '../config/problems/toRemark.ts';
import { placeOf, readYaml } from '../config/yaml/writtenYaml.ts';
import { identityPolicySchema, ifNoObject } from './access/policySchema.ts';
import type { Identity } from './arn.ts';
import type { Caller } from './caller.ts';
import type { SecurityGroup } from './clusters/securityGroup.ts';
import { addressesIn, type Subnet } from './clusters/subnet.ts';
import type { VpcEndpointService } from './connection/vpcEndpointService.ts';

/** Configuration of the local KMS: facts that a real KMS learns from IAM and EC2. */
export interface KmsConfig {
  /** By access key id. */
  readonly callers: ReadonlyMap<string, Caller>;
  readonly vpcEndpointServices: readonly VpcEndpointService[];
  readonly subnets: readonly Subnet[];
  /** Security groups that differ from those that CloudHSM creates. */
  readonly securityGroups: readonly SecurityGroup[];
}

/** Default subnets, one in each of two zones. */
export const DEFAULT_SUBNET_IDS = ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'];
const DEFAULT_VPC = 'vpc-0123456789abcdef0';

/** Reads the configuration file of the local KMS (YAML). Without a file, everything has its default. Throws ConfigError. */
export function readConfig(file: string | undefined, identity: Identity): KmsConfig {
  const schema = schemaFor(identity);
  const { callers, ...others } = file === undefined ? schema.parse({}) : readFile(file, schema);
  return { ...others, callers: new Map(Object.entries(callers)) };
}

function readFile(file: string, schema: KmsConfigSchema): z.output<KmsConfigSchema> {
  const yaml = readYaml(file);
  const written = yaml.value ?? {};
  const result = schema.safeParse(written);
  if (result.success) return result.data;
  throw new ConfigError(
    file,
    locate(toRemarks(result.error, schema, written), (path) => placeOf(yaml, path)),
  );
}

type KmsConfigSchema = ReturnType<typeof schemaFor>;

function schemaFor({ region, accountId }: Identity) {
  const vpcEndpointService = z.strictObject({
    serviceName: z.string().regex(/^(com|eu)\.amazonaws\.vpce\.([a-z]+-){2,3}\d+\.vpce-svc-[0-9a-z]+$/, {
      error: 'must be like com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0',
    }),
    owner: z
      .string({ error: 'must be an account id in quotes' })
      .regex(/^\d{12}$/, { error: 'must be an account id: 12 digits, in quotes' })
      .default(accountId),
    serviceType: z.enum(['Interface', 'Gateway', 'GatewayLoadBalancer']).default('Interface'),
    availabilityZones: z.array(z.string()).default([`${region}a`, `${region}b`]),
    acceptanceRequired: z.boolean().default(false),
    allowedPrincipals: z.array(z.string()).default([`cks.kms.${region}.amazonaws.com`]),
    privateDnsName: z.string().optional(),
    privateDnsNameVerificationState: z.enum(['verified', 'pendingVerification', 'failed']).default('verified'),
  });
  return z.strictObject({
    callers: z.record(z.string(), callerSchema).default({}),
    vpcEndpointServices: z
      .array(vpcEndpointService.transform((service) => ({ ...service, privateDnsName: service.privateDnsName })))
      .default([]),
    subnets: z
      .array(subnetSchema)
      .refine((subnets) => areDifferent(subnets.map(({ subnetId }) => subnetId)), {
        error: 'must have different subnetIds',
      })
      .default(defaultSubnets(region)),
    securityGroups: z
      .array(securityGroupSchema)
      .refine((groups) => areDifferent(groups.map(({ groupId }) => groupId)), { error: 'must have different groupIds' })
      .default([]),
  });
}

// A policy would match no other text, so the caller's requests would be refused for no visible reason.
const PRINCIPAL = /^arn:[^:]+:(iam|sts)::\d{12}:.+$|^[\w-]+(\.[\w-]+)+$|^AWS Internal$/;
const NO_PRINCIPAL = 'must be like arn:aws:iam::111122223333:user/Alice, the name of a service, or AWS Internal';
const NO_CALLER = 'must be the ARN of a principal, or a mapping with an awsPrincipalArn';
const callerSchema = z.preprocess(
  (value) => (typeof value === 'string' ? { awsPrincipalArn: value } : value),
  z
    .strictObject(
      {
        awsPrincipalArn: z.string({ error: NO_CALLER }).max(2048).regex(PRINCIPAL, { error: NO_PRINCIPAL }),
        awsSourceVpc: z.string().optional(),
        awsSourceVpce: z.string().optional(),
        kmsViaService: z.string().optional(),
        policies: z.array(identityPolicySchema, { error: 'must list policies' }).optional(),
      },
      { error: ifNoObject(NO_CALLER) },
    )
    .transform(({ policies, ...caller }): Caller => ({ ...caller, ...(policies && { identityPolicies: policies }) })),
);

const subnetSchema = z
  .strictObject({
    subnetId: z.string().regex(/^subnet-[0-9a-f]{8,17}$/, { error: 'must be like subnet-0123456789abcdef0' }),
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]{8,17}$/, { error: 'must be like vpc-0123456789abcdef0' })
      .default(DEFAULT_VPC),
    availabilityZone: z
      .string()
      .regex(/^[a-z]{2}(-gov)?-(east|west|north|south|central){1,2}-\d[a-z]$/, { error: 'must be like us-east-1a' }),
    cidrBlock: z.string().refine(isCidrBlock, { error: 'must be an IPv4 block of /16 to /28, like 10.0.1.0/24' }),
    availableIpAddressCount: z.int().min(0).optional(),
  })
  .transform(({ availableIpAddressCount, ...subnet }) => {
    const most = addressesIn(subnet.cidrBlock);
    return { ...subnet, availableIpAddressCount: Math.min(availableIpAddressCount ?? most, most) };
  });

const port = z.int().min(-1).max(65_535);
const ipPermissions = z
  .array(
    z.strictObject({
      ipProtocol: z.enum(['tcp', 'udp', 'icmp', '-1']),
      fromPort: port.default(-1),
      toPort: port.default(-1),
    }),
  )
  .default([{ ipProtocol: '-1', fromPort: -1, toPort: -1 }]);
const securityGroupSchema = z.strictObject({
  groupId: z.string().regex(/^sg-[0-9a-f]{8,17}$/, { error: 'must be like sg-0123456789abcdef0' }),
  ipPermissions,
  ipPermissionsEgress: ipPermissions,
});

function defaultSubnets(region: string): Subnet[] {
  return DEFAULT_SUBNET_IDS.map((subnetId, index) => {
    const cidrBlock = `10.0.${index + 1}.0/24`;
    return {
      subnetId,
      vpcId: DEFAULT_VPC,
      availabilityZone: `${region}${'ab'.charAt(index)}`,
      cidrBlock,
      availableIpAddressCount: addressesIn(cidrBlock),
    };
  });
}

function areDifferent(ids: readonly string[]): boolean {
  return new Set(ids).size === ids.length;
}

function isCidrBlock(text: string): boolean {
  const [, address = '', bits = ''] = /^([\d.]+)\/(\d{2})$/.exec(text) ?? [];
  return isIPv4(address) && Number(bits) >= 16 && Number(bits) <= 28;
}
