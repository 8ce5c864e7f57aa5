import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Identity } from './arn.ts';
import type { Caller } from './caller.ts';
import type { VpcEndpointService } from './connection/vpcEndpointService.ts';

/** What a real KMS would know of IAM and EC2. */
export interface KmsConfig {
  /** By access key id. */
  readonly callers: ReadonlyMap<string, Caller>;
  readonly vpcEndpointServices: readonly VpcEndpointService[];
}

/** A configuration file that cannot be used; the message has all its problems, each with its key path. */
export class KmsConfigFailure extends Error {
  override readonly name = 'KmsConfigFailure';
}

/** Reads the configuration file of the local KMS (YAML). Throws KmsConfigFailure. */
export function readConfig(file: string, identity: Identity): KmsConfig {
  const result = schemaFor(identity).safeParse(readYaml(file));
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `  ${z.core.toDotPath(path) || 'the file'}: ${message}`,
    );
    throw new KmsConfigFailure(`${file} has problems:\n${problems.join('\n')}`);
  }
  const { callers, vpcEndpointServices } = result.data;
  return { callers: new Map(Object.entries(callers)), vpcEndpointServices };
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8')) ?? {};
  } catch (error) {
    throw new KmsConfigFailure(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function schemaFor({ region, accountId }: Identity) {
  const principal = z.string().min(1).max(2048);
  const caller = z.strictObject({
    awsPrincipalArn: principal,
    awsSourceVpc: z.string().optional(),
    awsSourceVpce: z.string().optional(),
    kmsViaService: z.string().optional(),
  });
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
    callers: z
      .record(
        z.string(),
        z.union([principal.transform((awsPrincipalArn) => ({ awsPrincipalArn })), caller], {
          error: 'must be the ARN of a principal, or a mapping with an awsPrincipalArn',
        }),
      )
      .default({}),
    vpcEndpointServices: z
      .array(vpcEndpointService.transform((service) => ({ ...service, privateDnsName: service.privateDnsName })))
      .default([]),
  });
}
