import type { KmsErrorName } from '../kmsError.ts';
import type { ConnectionErrorCode } from '../state/records.ts';
import type { FailureReason } from '../xksProxy/xksProxyFailure.ts';

/** How KMS reports a failure of a proxy. */
export interface FailureEffect {
  /** The message of the exceptions, for all operations. */
  readonly message: string;
  /** The exception of CreateCustomKeyStore and UpdateCustomKeyStore. */
  readonly management: KmsErrorName;
  /** The message of `management`, if it differs. */
  readonly managementMessage?: string;
  /** The ConnectionErrorCode of a key store that cannot be connected for this reason. */
  readonly connection: ConnectionErrorCode;
  /** The exception of CreateKey. */
  readonly createKey: KmsErrorName;
  /** The exception of cryptographic operations. */
  readonly cryptographic: KmsErrorName;
  /** Whether the metric XksProxyErrors counts the failure as retryable. */
  readonly retryable: boolean;
}

const NOT_INTERPRETED =
  'AWS KMS cannot interpret the response from the external key store proxy. ' +
  'If you see this error repeatedly, report it to your external key store proxy administrator.';
const NO_COMMUNICATION =
  'AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue. ' +
  'If you see this error repeatedly, verify that your external key store proxy is active and is connected to the network, ' +
  'and that its endpoint URI is correct in your external keystore.';
const NO_TLS =
  'AWS KMS cannot establish a TLS connection to the external key store proxy. ' +
  'Verify the TLS configuration, including its certificate.';
const UNHEALTHY =
  'The external key store proxy is in an unhealthy state. ' +
  'If you see this message repeatedly, notify your external key store proxy administrator.';

const USUAL = {
  createKey: 'CustomKeyStoreInvalidStateException',
  cryptographic: 'KMSInvalidStateException',
  retryable: false,
} as const;

/** Effects of an error that the specification does not allow as an answer to GetHealthStatus. KMS cannot interpret such an answer. */
const NOT_OF_HEALTH = {
  management: 'XksProxyInvalidResponseException',
  managementMessage: NOT_INTERPRETED,
  connection: 'XKS_PROXY_INVALID_RESPONSE',
} as const;

/**
 * How KMS reports each failure. Spec, "Error codes", the table of "KMS Considerations", and for the rest the AWS KMS Developer Guide,
 * "Monitoring an external key store" and "Troubleshooting external key stores". A comment marks our own choices where both say nothing.
 */
export const FAILURE_TABLE: Readonly<Record<FailureReason, FailureEffect>> = {
  ValidationException: {
    ...USUAL,
    message: NOT_INTERPRETED,
    management: 'XksProxyInvalidResponseException',
    connection: 'XKS_PROXY_INVALID_RESPONSE',
  },
  // `management` is our choice: a disabled proxy is treated like an unreachable one.
  InvalidStateException: {
    ...USUAL,
    message:
      'The external key associated with this KMS key in an external key store is not enabled in the external key manager. ' +
      'Enable the external key in the external key manager and retry the request.',
    management: 'XksProxyUriUnreachableException',
    managementMessage: UNHEALTHY,
    connection: 'XKS_PROXY_NOT_REACHABLE',
    createKey: 'XksKeyInvalidConfigurationException',
  },
  // Our choice for all operations except Decrypt and ReEncrypt.
  InvalidCiphertextException: {
    ...USUAL,
    ...NOT_OF_HEALTH,
    message:
      'The external key store proxy rejected the request because the specified ciphertext or encryption context is ' +
      'corrupted, missing, or otherwise invalid.',
  },
  // `management` is our choice.
  InvalidKeyUsageException: {
    ...USUAL,
    ...NOT_OF_HEALTH,
    message:
      'The external key associated with this KMS key in an external key store does not support the requested operation. ' +
      'Enable the operation on the key in your external key manager, and try the request again.',
    createKey: 'XksKeyInvalidConfigurationException',
  },
  AuthenticationFailedException: {
    ...USUAL,
    message:
      'The external key store proxy rejected the request because it could not authenticate AWS KMS. ' +
      'Verify the XKS proxy authentication credentials for your external key store and update if necessary.',
    management: 'XksProxyIncorrectAuthenticationCredentialException',
    connection: 'INVALID_CREDENTIALS',
  },
  // `management` is our choice. For CreateKey the specification names KMSInvalidStateException, which CreateKey does not declare.
  AccessDeniedException: {
    ...USUAL,
    message:
      'The external key store proxy denied access to the operation. Verify that the user and the external key are both ' +
      'authorized for this operation, and try the request again.',
    management: 'XksProxyInvalidConfigurationException',
    connection: 'XKS_PROXY_ACCESS_DENIED',
  },
  // `management` is our choice.
  KeyNotFoundException: {
    ...USUAL,
    ...NOT_OF_HEALTH,
    message:
      'The external key associated with this KMS key in an external key store was not found in its external key manager. ' +
      'If the external key ID associated with this KMS key is incorrect, create a new KMS key with the correct external key ID.',
    createKey: 'XksKeyNotFoundException',
  },
  InvalidUriPathException: {
    ...USUAL,
    message:
      'The external key store proxy rejected the request because of an invalid URI path. ' +
      'Verify the URI path for your external key store and update if necessary.',
    management: 'XksProxyInvalidConfigurationException',
    connection: 'XKS_PROXY_INVALID_CONFIGURATION',
  },
  ThrottlingException: {
    ...USUAL,
    message:
      'The external key store proxy rejected the request due to a very high request rate. ' +
      'Reduce the frequency of your calls using KMS keys in this external key store.',
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_NOT_REACHABLE',
    retryable: true,
  },
  // `management` is our choice. For CreateKey both sources name XksKeyInvalidResponseException, which KMS does not have.
  UnsupportedOperationException: {
    ...USUAL,
    message:
      'The external key store proxy rejected the request because it does not support the requested operation. ' +
      'If you see this error repeatedly, report it to your external key store proxy administrator.',
    management: 'XksProxyInvalidResponseException',
    connection: 'XKS_PROXY_INVALID_RESPONSE',
    createKey: 'UnsupportedOperationException',
  },
  DependencyTimeoutException: {
    ...USUAL,
    message:
      'The external key store proxy did not respond to the request in the time allotted. Retry the request. ' +
      'If you see this error repeatedly, report it to your external key store proxy administrator.',
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_TIMED_OUT',
    retryable: true,
  },
  InternalException: {
    ...USUAL,
    message:
      'The external key store proxy rejected the request because it cannot communicate with the external key manager. ' +
      'Verify that the external key store proxy configuration is correct and that the external key manager is available.',
    management: 'XksProxyInvalidResponseException',
    connection: 'XKS_PROXY_INVALID_RESPONSE',
    retryable: true,
  },
  NotReachable: {
    ...USUAL,
    message: NO_COMMUNICATION,
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_NOT_REACHABLE',
    retryable: true,
  },
  // `management` follows the specification. The guide names XksProxyInvalidConfigurationException.
  InvalidTls: {
    ...USUAL,
    message: NO_TLS,
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_INVALID_TLS_CONFIGURATION',
    retryable: true,
  },
  InvalidTlsName: {
    ...USUAL,
    message: NO_TLS,
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_INVALID_TLS_CONFIGURATION',
    retryable: true,
  },
  // Our choice, because the specification covers only connections that could not be made.
  ConnectionLost: {
    ...USUAL,
    message: NO_COMMUNICATION,
    management: 'XksProxyUriUnreachableException',
    connection: 'NETWORK_ERRORS',
    retryable: true,
  },
  TimedOut: {
    ...USUAL,
    message:
      'AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request. ' +
      'If you see this error repeatedly, report it to your external key store proxy administrator.',
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_TIMED_OUT',
    retryable: true,
  },
  // `retryable` is our choice: a retry would get the same answer.
  InvalidResponse: {
    ...USUAL,
    message: NOT_INTERPRETED,
    management: 'XksProxyInvalidResponseException',
    connection: 'XKS_PROXY_INVALID_RESPONSE',
  },
  // The proxy has answered, but its key managers are not healthy. `createKey` is our choice, because CreateKey does not ask for health.
  EkmUnavailable: {
    ...USUAL,
    message: UNHEALTHY,
    management: 'XksProxyUriUnreachableException',
    connection: 'XKS_PROXY_NOT_REACHABLE',
  },
  // Our choice, because this is a fault of KMS itself.
  Internal: {
    message: 'AWS KMS could not complete the request due to an internal error. Retry the request.',
    management: 'KMSInternalException',
    connection: 'INTERNAL_ERROR',
    createKey: 'KMSInternalException',
    cryptographic: 'KMSInternalException',
    retryable: true,
  },
};
