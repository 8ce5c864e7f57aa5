/** Who calls, and from where: the parts of requestMetadata that IAM and the network would tell a real KMS. */
export interface Caller {
  readonly awsPrincipalArn: string;
  readonly awsSourceVpc?: string | undefined;
  readonly awsSourceVpce?: string | undefined;
  /** The short name of a service, such as `s3`. */
  readonly kmsViaService?: string | undefined;
}
