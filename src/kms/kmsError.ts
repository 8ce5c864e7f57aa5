/**
 * All error names and their HTTP status. Source: the service models of KMS 2014-11-01 and CloudHSM V2 2017-04-28. The last names are common
 * to AWS services and are not in the models.
 */
export const KMS_ERROR_STATUS = {
  AlreadyExistsException: 400,
  CloudHsmClusterInUseException: 400,
  CloudHsmClusterInvalidConfigurationException: 400,
  CloudHsmClusterNotActiveException: 400,
  CloudHsmClusterNotFoundException: 400,
  CloudHsmClusterNotRelatedException: 400,
  CustomKeyStoreHasCMKsException: 400,
  CustomKeyStoreInvalidStateException: 400,
  CustomKeyStoreNameInUseException: 400,
  CustomKeyStoreNotFoundException: 400,
  DependencyTimeoutException: 500,
  DisabledException: 400,
  DryRunOperationException: 400,
  IncorrectKeyException: 400,
  IncorrectTrustAnchorException: 400,
  InvalidAliasNameException: 400,
  InvalidArnException: 400,
  InvalidCiphertextException: 400,
  InvalidGrantIdException: 400,
  InvalidGrantTokenException: 400,
  InvalidKeyUsageException: 400,
  InvalidMarkerException: 400,
  KMSInternalException: 500,
  KMSInvalidStateException: 400,
  LimitExceededException: 400,
  MalformedPolicyDocumentException: 400,
  NotFoundException: 400,
  TagException: 400,
  UnsupportedOperationException: 400,
  XksKeyAlreadyInUseException: 400,
  XksKeyInvalidConfigurationException: 400,
  XksKeyNotFoundException: 400,
  XksProxyIncorrectAuthenticationCredentialException: 400,
  XksProxyInvalidConfigurationException: 400,
  XksProxyInvalidResponseException: 400,
  XksProxyUriEndpointInUseException: 400,
  XksProxyUriInUseException: 400,
  XksProxyUriUnreachableException: 400,
  XksProxyVpcEndpointServiceInUseException: 400,
  XksProxyVpcEndpointServiceInvalidConfigurationException: 400,
  XksProxyVpcEndpointServiceNotFoundException: 400,

  CloudHsmAccessDeniedException: 400,
  CloudHsmInternalFailureException: 500,
  CloudHsmInvalidRequestException: 400,
  CloudHsmResourceLimitExceededException: 400,
  CloudHsmResourceNotFoundException: 400,
  CloudHsmServiceException: 400,
  CloudHsmTagException: 400,

  AccessDeniedException: 400,
  IncompleteSignatureException: 400,
  InvalidSignatureException: 400,
  MissingAuthenticationTokenException: 400,
  NotAuthorizedException: 400,
  RequestEntityTooLargeException: 413,
  SerializationException: 400,
  ThrottlingException: 400,
  UnknownOperationException: 404,
  ValidationException: 400,
} as const;

export type KmsErrorName = keyof typeof KMS_ERROR_STATUS;

/** The only error type of operations. `message` is sent to the caller, unless it is empty. `detail` is written only to the log. */
export class KmsError extends Error {
  override readonly name = 'KmsError';
  readonly errorName: KmsErrorName;
  readonly detail: string | undefined;

  constructor(errorName: KmsErrorName, message: string, { detail }: { readonly detail?: string | undefined } = {}) {
    super(message);
    this.errorName = errorName;
    this.detail = detail;
  }

  get status(): number {
    return KMS_ERROR_STATUS[this.errorName];
  }
}
