import type { Policy } from './access/policy.ts';

/** Who calls, and from where: the parts of requestMetadata that IAM and the network would tell a real KMS. */
export interface Caller {
  readonly awsPrincipalArn: string;
  readonly awsSourceVpc?: string | undefined;
  readonly awsSourceVpce?: string | undefined;
  /** The short name of a service, such as `s3`. */
  readonly kmsViaService?: string | undefined;
  /** Policies of the user or role, which count if the local KMS evaluates policies. */
  readonly identityPolicies?: readonly Policy[] | undefined;
}
