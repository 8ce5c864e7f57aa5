const CONTEXT = `
  // The operation that KMS names, such as "GenerateDataKey" for an Encrypt.
  kmsOperation: String,
  // The parts of kmsKeyArn, if it is the ARN of a key.
  kmsKeyAccount?: String,
  kmsKeyRegion?: String,
  // "ebs", or "ec2.us-east-1.amazonaws.com"; its parts are then "ec2" and "us-east-1".
  kmsViaService?: String,
  kmsViaServiceName?: String,
  kmsViaServiceRegion?: String,
  awsSourceVpc?: String,
  awsSourceVpce?: String,
  // The VPC endpoint of the connection, from the load balancer's PROXY protocol header.
  vpcEndpointId?: String,
  // The CN of the client certificate that mTLS admitted.
  clientCommonName?: String,
  // Fields that AWS adds later: context.otherMetadata.hasTag("field").
  otherMetadata: OtherMetadata,`;

/**
 * Cedar schema of everything that a policy can refer to. All values are text. When policies are loaded, one that misspells a
 * name, or reads an optional attribute without `has`, is refused.
 */
export const cedarSchema = `// An AWS account, by its number: principal in Account::"123456789012"
entity Account;

// A role and its sessions, by account number and role name: principal in RoleName::"123456789012/Payments"
entity RoleName;

// Principals, by the awsPrincipalArn that KMS sends, which is also their attribute arn.

// arn:aws:iam::<account>:user<path><name>, where the path is "/" at least
entity User in [Account] = { arn: String, partition: String, account: String, path: String, name: String };
// arn:aws:iam::<account>:role<path><name>
entity Role in [Account, RoleName] = { arn: String, partition: String, account: String, path: String, name: String };
// arn:aws:sts::<account>:assumed-role/<name>/<session>, without the path of the role
entity AssumedRole in [Account, RoleName] = { arn: String, partition: String, account: String, name: String, session: String };
// arn:aws:sts::<account>:federated-user/<name>
entity FederatedUser in [Account] = { arn: String, partition: String, account: String, name: String };
// arn:aws:iam::<account>:root
entity AccountRoot in [Account] = { arn: String, partition: String, account: String };
// <name>.amazonaws.com
entity Service = { arn: String, name: String };
// "AWS Internal"
entity AwsInternal = { arn: String };
// Any other text.
entity OtherPrincipal = { arn: String };

// A key store by its name, and its keys by <name>/<id>. Tags are those of the configuration.
entity KeyStore;
entity ExternalKey in [KeyStore] = { id: String, keyStore: String } tags String;

entity OtherMetadata tags String;

action GetKeyMetadata appliesTo {
  principal: [User, Role, AssumedRole, FederatedUser, AccountRoot, Service, AwsInternal, OtherPrincipal],
  resource: [ExternalKey],
  context: {${CONTEXT}
  // Absent when KMS creates the key.
  kmsKeyArn?: String,
  },
};

action Encrypt, Decrypt appliesTo {
  principal: [User, Role, AssumedRole, FederatedUser, AccountRoot, Service, AwsInternal, OtherPrincipal],
  resource: [ExternalKey],
  context: {${CONTEXT}
  kmsKeyArn: String,
  },
};
`;
