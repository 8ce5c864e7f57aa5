/** The closed set of error names and their HTTP status. Source: xks_proxy_api_spec 1.0.3, "Error codes". */
export const XKS_ERROR_STATUS = {
  ValidationException: 400,
  InvalidStateException: 400,
  InvalidCiphertextException: 400,
  InvalidKeyUsageException: 400,
  AuthenticationFailedException: 401,
  AccessDeniedException: 403,
  KeyNotFoundException: 404,
  InvalidUriPathException: 404,
  ThrottlingException: 429,
  InternalException: 500,
  UnsupportedOperationException: 501,
  DependencyTimeoutException: 503,
} as const;

export type XksErrorName = keyof typeof XKS_ERROR_STATUS;

export interface XksErrorBody {
  readonly errorName: XksErrorName;
  /** Fewer than 512 characters of printable ASCII. It reaches the key owner's CloudWatch log. */
  readonly errorMessage: string;
}

export interface XksErrorOptions {
  /** Details for the log only, such as `C_Encrypt: CKR_DEVICE_ERROR`. Free of plaintext and secrets. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/** The only error type of a request. `message` is sent to the caller, and `detail` only to the log. */
export class XksError extends Error {
  override readonly name = 'XksError';
  readonly errorName: XksErrorName;
  readonly detail: string | undefined;

  constructor(errorName: XksErrorName, message: string, { detail, cause }: XksErrorOptions = {}) {
    super(message, { cause });
    this.errorName = errorName;
    this.detail = detail;
  }

  get status(): number {
    return XKS_ERROR_STATUS[this.errorName];
  }

  toBody(): XksErrorBody {
    return { errorName: this.errorName, errorMessage: printableAscii(this.message) };
  }
}

// Spec, "Error codes": errorMessage "MUST be less than 512 characters" and "only use printable ASCII", 0x20 to 0x7e.
function printableAscii(text: string): string {
  return text.slice(0, 511).replaceAll(/[^\x20-\x7e]/g, '?');
}
