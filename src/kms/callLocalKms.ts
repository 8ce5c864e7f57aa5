/** The address of a running local KMS. */
export interface CalledKms {
  /** Its URL, such as `http://127.0.0.1:4599`. */
  readonly endpoint: string;
  readonly region: string;
}

/** A call of an operation that the local KMS emulates. */
export interface CalledOperation {
  /** The service in the credential scope of a request. */
  readonly signingName: 'kms' | 'cloudhsm';
  /** The value of X-Amz-Target. */
  readonly target: string;
  readonly input: object;
  /** Aborts the call. */
  readonly signal?: AbortSignal;
}

export interface LocalKmsAnswer {
  readonly ok: boolean;
  /** The output, or the exception with its `__type`; undefined if the body is not a JSON object. */
  readonly output: Readonly<Record<string, unknown>> | undefined;
}

/** Error if the local KMS cannot be reached. The message says how to start it. */
export class LocalKmsUnreachable extends Error {
  override readonly name = 'LocalKmsUnreachable';
}

/** Calls an operation of a local KMS. The signature is a dummy, because the local KMS accepts any. Rejects with LocalKmsUnreachable. */
export async function callLocalKms(
  { endpoint, region }: CalledKms,
  { signingName, target, input, signal }: CalledOperation,
): Promise<LocalKmsAnswer> {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const scope = `${date.slice(0, 8)}/${region}/${signingName}/aws4_request`;
  const signature = '0'.repeat(64);
  try {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': target,
        'X-Amz-Date': date,
        Authorization: `AWS4-HMAC-SHA256 Credential=xks-proxy/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
      },
      body: JSON.stringify(input),
      ...(signal && { signal }),
    });
    return { ok: response.ok, output: parse(await response.text()) };
  } catch (cause) {
    const hint = 'Start the local KMS with "xks-proxy kms serve", or give the URL of a running one with --endpoint.';
    throw new LocalKmsUnreachable(`${endpoint} does not answer. ${hint}`, { cause });
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  // Many operations of KMS have no output, and an empty body.
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
