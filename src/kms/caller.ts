import type { Policy } from './access/policy.ts';

/** The caller and its network: the parts of requestMetadata that a real KMS learns from IAM and the network. */
export interface Caller {
  readonly awsPrincipalArn: string;
  readonly awsSourceVpc?: string | undefined;
  readonly awsSourceVpce?: string | undefined;
  /** The short name of a service, such as `s3`. */
  readonly kmsViaService?: string | undefined;
  /** Policies of the user or role. They matter only if the local KMS evaluates policies. */
  readonly identityPolicies?: readonly Policy[] | undefined;
}
