import { describe, expect, it } from 'vitest';
import { FAILURE_TABLE } from '../../../src/kms/failures/failureTable.ts';
import {
  connectionErrorCode,
  createKeyError,
  cryptographicError,
  managementError,
} from '../../../src/kms/failures/kmsErrorOf.ts';
import { type FailureReason, XksProxyFailure } from '../../../src/kms/xksProxy/xksProxyFailure.ts';

// The messages of the specification, in "Error codes" and "KMS Considerations", and of the guide, in "Troubleshooting".
const NOT_INTERPRETED =
  'AWS KMS cannot interpret the response from the external key store proxy. If you see this error repeatedly, report it to your external key store proxy administrator.';
const NO_COMMUNICATION =
  'AWS KMS cannot communicate with the external key store proxy. This might be a transient network issue. If you see this error repeatedly, verify that your external key store proxy is active and is connected to the network, and that its endpoint URI is correct in your external keystore.';
const NO_TLS =
  'AWS KMS cannot establish a TLS connection to the external key store proxy. Verify the TLS configuration, including its certificate.';
const UNHEALTHY =
  'The external key store proxy is in an unhealthy state. If you see this message repeatedly, notify your external key store proxy administrator.';
const NOT_ENABLED =
  'The external key associated with this KMS key in an external key store is not enabled in the external key manager. Enable the external key in the external key manager and retry the request.';
const BAD_CIPHERTEXT =
  'The external key store proxy rejected the request because the specified ciphertext or encryption context is corrupted, missing, or otherwise invalid.';
const BAD_USAGE =
  'The external key associated with this KMS key in an external key store does not support the requested operation. Enable the operation on the key in your external key manager, and try the request again.';
const NOT_AUTHENTICATED =
  'The external key store proxy rejected the request because it could not authenticate AWS KMS. Verify the XKS proxy authentication credentials for your external key store and update if necessary.';
const DENIED =
  'The external key store proxy denied access to the operation. Verify that the user and the external key are both authorized for this operation, and try the request again.';
const NO_KEY =
  'The external key associated with this KMS key in an external key store was not found in its external key manager. If the external key ID associated with this KMS key is incorrect, create a new KMS key with the correct external key ID.';
const BAD_PATH =
  'The external key store proxy rejected the request because of an invalid URI path. Verify the URI path for your external key store and update if necessary.';
const THROTTLED =
  'The external key store proxy rejected the request due to a very high request rate. Reduce the frequency of your calls using KMS keys in this external key store.';
const UNSUPPORTED =
  'The external key store proxy rejected the request because it does not support the requested operation. If you see this error repeatedly, report it to your external key store proxy administrator.';
const DEPENDENCY =
  'The external key store proxy did not respond to the request in the time allotted. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.';
const NO_KEY_MANAGER =
  'The external key store proxy rejected the request because it cannot communicate with the external key manager. Verify that the external key store proxy configuration is correct and that the external key manager is available.';
const NO_ANSWER =
  'AWS KMS rejected the request because the external key store proxy did not respond in time. Retry the request. If you see this error repeatedly, report it to your external key store proxy administrator.';
const INTERNAL = 'AWS KMS could not complete the request due to an internal error. Retry the request.';

const UNREACHABLE = 'XksProxyUriUnreachableException';
const INVALID_RESPONSE = 'XksProxyInvalidResponseException';
const INVALID_CONFIGURATION = 'XksProxyInvalidConfigurationException';
const STORE_STATE = 'CustomKeyStoreInvalidStateException';
const KEY_CONFIGURATION = 'XksKeyInvalidConfigurationException';

/** reason, exception of Create and Update, their message, ConnectionErrorCode, exception of CreateKey, message, retryable */
const EFFECTS: [FailureReason, string, string, string, string, string, boolean][] = [
  [
    'ValidationException',
    INVALID_RESPONSE,
    NOT_INTERPRETED,
    'XKS_PROXY_INVALID_RESPONSE',
    STORE_STATE,
    NOT_INTERPRETED,
    false,
  ],
  ['InvalidStateException', UNREACHABLE, UNHEALTHY, 'XKS_PROXY_NOT_REACHABLE', KEY_CONFIGURATION, NOT_ENABLED, false],
  [
    'InvalidCiphertextException',
    INVALID_RESPONSE,
    NOT_INTERPRETED,
    'XKS_PROXY_INVALID_RESPONSE',
    STORE_STATE,
    BAD_CIPHERTEXT,
    false,
  ],
  [
    'InvalidKeyUsageException',
    INVALID_RESPONSE,
    NOT_INTERPRETED,
    'XKS_PROXY_INVALID_RESPONSE',
    KEY_CONFIGURATION,
    BAD_USAGE,
    false,
  ],
  [
    'AuthenticationFailedException',
    'XksProxyIncorrectAuthenticationCredentialException',
    NOT_AUTHENTICATED,
    'INVALID_CREDENTIALS',
    STORE_STATE,
    NOT_AUTHENTICATED,
    false,
  ],
  ['AccessDeniedException', INVALID_CONFIGURATION, DENIED, 'XKS_PROXY_ACCESS_DENIED', STORE_STATE, DENIED, false],
  [
    'KeyNotFoundException',
    INVALID_RESPONSE,
    NOT_INTERPRETED,
    'XKS_PROXY_INVALID_RESPONSE',
    'XksKeyNotFoundException',
    NO_KEY,
    false,
  ],
  [
    'InvalidUriPathException',
    INVALID_CONFIGURATION,
    BAD_PATH,
    'XKS_PROXY_INVALID_CONFIGURATION',
    STORE_STATE,
    BAD_PATH,
    false,
  ],
  ['ThrottlingException', UNREACHABLE, THROTTLED, 'XKS_PROXY_NOT_REACHABLE', STORE_STATE, THROTTLED, true],
  [
    'UnsupportedOperationException',
    INVALID_RESPONSE,
    UNSUPPORTED,
    'XKS_PROXY_INVALID_RESPONSE',
    'UnsupportedOperationException',
    UNSUPPORTED,
    false,
  ],
  ['DependencyTimeoutException', UNREACHABLE, DEPENDENCY, 'XKS_PROXY_TIMED_OUT', STORE_STATE, DEPENDENCY, true],
  [
    'InternalException',
    INVALID_RESPONSE,
    NO_KEY_MANAGER,
    'XKS_PROXY_INVALID_RESPONSE',
    STORE_STATE,
    NO_KEY_MANAGER,
    true,
  ],
  ['NotReachable', UNREACHABLE, NO_COMMUNICATION, 'XKS_PROXY_NOT_REACHABLE', STORE_STATE, NO_COMMUNICATION, true],
  ['InvalidTls', UNREACHABLE, NO_TLS, 'XKS_PROXY_INVALID_TLS_CONFIGURATION', STORE_STATE, NO_TLS, true],
  ['InvalidTlsName', UNREACHABLE, NO_TLS, 'XKS_PROXY_INVALID_TLS_CONFIGURATION', STORE_STATE, NO_TLS, true],
  ['ConnectionLost', UNREACHABLE, NO_COMMUNICATION, 'NETWORK_ERRORS', STORE_STATE, NO_COMMUNICATION, true],
  ['TimedOut', UNREACHABLE, NO_ANSWER, 'XKS_PROXY_TIMED_OUT', STORE_STATE, NO_ANSWER, true],
  [
    'InvalidResponse',
    INVALID_RESPONSE,
    NOT_INTERPRETED,
    'XKS_PROXY_INVALID_RESPONSE',
    STORE_STATE,
    NOT_INTERPRETED,
    false,
  ],
  ['EkmUnavailable', UNREACHABLE, UNHEALTHY, 'XKS_PROXY_NOT_REACHABLE', STORE_STATE, UNHEALTHY, false],
  ['Internal', 'KMSInternalException', INTERNAL, 'INTERNAL_ERROR', 'KMSInternalException', INTERNAL, true],
];

describe.each(EFFECTS)(
  'the failure %s',
  (reason, management, managementMessage, errorCode, createKey, message, retryable) => {
    const failure = new XksProxyFailure(reason, 'the words of the proxy');
    const detail = 'the words of the proxy';

    it("gives the caller AWS's message, and logs the proxy’s own message", () => {
      expect(managementError(failure)).toMatchObject({ errorName: management, message: managementMessage, detail });
      expect(createKeyError(failure)).toMatchObject({ errorName: createKey, message, detail });
      const cryptographic = reason === 'Internal' ? 'KMSInternalException' : 'KMSInvalidStateException';
      expect(cryptographicError(failure)).toMatchObject({ errorName: cryptographic, message, detail });
    });

    it('is the reason why a key store is not connected, and is counted', () => {
      const ofVpc = reason === 'InvalidTlsName' ? 'XKS_VPC_ENDPOINT_SERVICE_INVALID_CONFIGURATION' : errorCode;
      expect(connectionErrorCode(failure, 'PUBLIC_ENDPOINT')).toBe(errorCode);
      expect(connectionErrorCode(failure, 'VPC_ENDPOINT_SERVICE')).toBe(ofVpc);
      expect(FAILURE_TABLE[reason].retryable).toBe(retryable);
    });
  },
);

it('every reason is tested', () => {
  expect(EFFECTS.map(([reason]) => reason)).toEqual(Object.keys(FAILURE_TABLE));
});
