import { z } from 'zod';
import { cidrsOverlap, ipv4Cidr } from './cidr.ts';

/** The settings of a deployment, from the CDK context. */
export type Settings = z.output<typeof settings>;

/** An image in a private repository of Amazon ECR. */
export interface EcrImage {
  readonly account: string;
  readonly region: string;
  readonly repository: string;
  /** A tag or digest, such as `1.2.0` or `sha256:...`. */
  readonly tagOrDigest: string;
}

const ECR_IMAGE =
  /^(?<account>\d{12})\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com\/(?<repository>[a-z0-9._/-]+)(?:@(?<digest>sha256:[0-9a-f]{64})|:(?<tag>[\w.-]+))$/;

const image = z.string().transform((uri, context): EcrImage => {
  const { account = '', region = '', repository = '', tag, digest } = ECR_IMAGE.exec(uri)?.groups ?? {};
  const tagOrDigest = digest ?? tag;
  if (tagOrDigest !== undefined) return { account, region, repository, tagOrDigest };
  const message =
    'must be an image of Amazon ECR, <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>';
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const secretArn = z
  .string()
  .regex(
    /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6}$/,
    'must be the complete ARN of a secret, with the six characters at its end',
  );

/** Accepts `-c key=a,b` of the command line and a JSON list alike. */
function list<T extends z.ZodType>(item: T) {
  return z.preprocess((value) => (typeof value === 'string' ? value.split(',') : value), z.array(item).min(1));
}

const settings = z
  .object({
    // KMS Developer Guide, vpc-connectivity.html: a subdomain of a higher-level public domain. KMS API,
    // XksProxyConfigurationType: the URI endpoint has at most 128 characters, including https://.
    privateDnsName: z
      .string()
      .max(120)
      .regex(/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){2,}[a-z]{2,}$/, 'must be a subdomain, such as xks.example.com'),
    image,
    configFile: z.string().min(1),
    secretArn,
    tlsSecretArn: secretArn,
    hsmCidrs: list(ipv4Cidr),
    hsmPorts: list(z.coerce.number().int().min(1).max(65535)),

    vpcCidr: ipv4Cidr.optional(),
    transitGatewayId: z
      .string()
      .regex(/^tgw-[0-9a-f]+$/)
      .optional(),
    vpcId: z
      .string()
      .regex(/^vpc-[0-9a-f]+$/)
      .optional(),
    subnetIds: list(z.string().regex(/^subnet-[0-9a-f]+$/)).optional(),
    availabilityZones: list(z.string()).optional(),
    awsServiceCidrs: list(ipv4Cidr).optional(),
    s3PrefixListId: z
      .string()
      .regex(/^pl-[0-9a-f]+$/, 'must be an id such as pl-63a5400a')
      .optional(),

    hostedZoneId: z.string().optional(),
    hostedZoneName: z.string().optional(),
    alarmEmail: z.email().optional(),
    stackName: z
      .string()
      .regex(/^[A-Za-z][A-Za-z0-9-]{0,127}$/)
      .default('XksProxy'),
    customKeyStoreId: z
      .string()
      .regex(/^cks-[0-9a-f]{17}$/, 'must be an id such as cks-1234567890abcdef0')
      .optional(),
    certificateName: z.string().optional(),
  })
  .superRefine(({ vpcCidr, vpcId, subnetIds = [], availabilityZones = [], ...given }, context) => {
    const problem = (key: string, message: string) => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    if ((vpcCidr === undefined) === (vpcId === undefined))
      problem('vpcCidr', 'exactly one of vpcCidr and vpcId is needed');
    if (vpcCidr !== undefined) {
      if (given.s3PrefixListId === undefined)
        problem(
          's3PrefixListId',
          'is needed for a new VPC: aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.us-east-1.s3 prints the id for us-east-1',
        );
      if (given.awsServiceCidrs !== undefined)
        problem('awsServiceCidrs', 'is for an existing VPC; a new one has endpoints of AWS services');
    }
    if (vpcId !== undefined) {
      if (given.transitGatewayId !== undefined)
        problem('transitGatewayId', 'is for a new VPC; this one has its routes');
      // KMS Developer Guide, vpc-connectivity.html: at least two private subnets, each in another Availability Zone.
      const zones = new Set(availabilityZones).size;
      if (zones < 2 || zones !== subnetIds.length || zones !== availabilityZones.length)
        problem('availabilityZones', 'must name the zone of each of the subnetIds, at least two, all different');
    }
    // The same page: the VPC's addresses and those of the HSM's network must not overlap.
    for (const cidr of given.hsmCidrs) {
      if (vpcCidr !== undefined && cidrsOverlap(vpcCidr, cidr)) problem('vpcCidr', `overlaps with ${cidr} of hsmCidrs`);
    }
    if ((given.hostedZoneId === undefined) !== (given.hostedZoneName === undefined))
      problem('hostedZoneId', 'hostedZoneId and hostedZoneName are needed together');
    if (given.hostedZoneName !== undefined && !given.privateDnsName.endsWith(`.${given.hostedZoneName}`))
      problem('hostedZoneName', 'must be a parent domain of privateDnsName');
  });

/** Reads the settings. Throws an Error with all problems of the context at once. */
export function readSettings(contextValue: (key: string) => unknown): Settings {
  const given = Object.fromEntries(Object.keys(settings.shape).map((key) => [key, contextValue(key)]));
  const result = settings.safeParse(given);
  if (!result.success) throw new Error(`The context is not complete or not valid:\n${z.prettifyError(result.error)}`);
  return result.data;
}
