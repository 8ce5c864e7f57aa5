const CONTEXT = `
  // As KMS sends it: "GenerateDataKey" for an Encrypt, and so on.
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
  // Of the connection, by the load balancer's PROXY protocol header.
  vpcEndpointId?: String,
  // Of the client certificate that mTLS admitted.
  clientCommonName?: String,
  // Fields that AWS has added since: context.otherMetadata.hasTag("field").
  otherMetadata: OtherMetadata,`;

/**
 * What a policy can speak of, as a Cedar schema; all values are text. A policy that misspells a name, or reads what may be
 * absent without `has`, is refused when it is loaded.
 */
export const cedarSchema = `// An AWS account, by its number: principal in Account::"123456789012"
entity Account;

// A role and its sessions, by account number and role name: principal in RoleName::"123456789012/Payments"
entity RoleName;

// Principals, by the awsPrincipalArn that KMS sends, which is their attribute arn as well.

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

// A key store by its name, and its keys by <name>/<id>; tags are those of the configuration.
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
