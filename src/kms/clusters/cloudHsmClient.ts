/** A call of CloudHSM's API that was refused or not answered; the message says what to do. */
export class CloudHsmCallFailure extends Error {
  override readonly name = 'CloudHsmCallFailure';
}

export interface CloudHsmClientOptions {
  /** URL of a local KMS, such as `http://127.0.0.1:4599`. */
  readonly endpoint: string;
  readonly region: string;
}

/** Calls CloudHSM's API of a local KMS, which takes any signature. */
export class CloudHsmClient {
  readonly #options: CloudHsmClientOptions;

  constructor(options: CloudHsmClientOptions) {
    this.#options = options;
  }

  /** Resolves to the output. Rejects with CloudHsmCallFailure. */
  async call(operation: string, input: object): Promise<unknown> {
    const { endpoint, region } = this.#options;
    const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const scope = `${date.slice(0, 8)}/${region}/cloudhsm/aws4_request`;
    const signature = '0'.repeat(64);
    let answer: { readonly ok: boolean; readonly text: string };
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-amz-json-1.1',
          'X-Amz-Target': `BaldrApiService.${operation}`,
          'X-Amz-Date': date,
          Authorization: `AWS4-HMAC-SHA256 Credential=kms-cluster-create/${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`,
        },
        body: JSON.stringify(input),
      });
      answer = { ok: response.ok, text: await response.text() };
    } catch (cause) {
      const hint = 'Start the local KMS with: xks-proxy kms serve';
      throw new CloudHsmCallFailure(`${endpoint} does not answer. ${hint}`, { cause });
    }
    const output = parse(answer.text);
    if (answer.ok && output) return output;
    const { __type: name = 'no answer of a local KMS', message = '' } = output ?? {};
    throw new CloudHsmCallFailure(`${operation} was refused by ${endpoint}: ${String(name)}: ${String(message)}`);
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
