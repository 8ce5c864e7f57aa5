import { callLocalKms, LocalKmsUnreachable, type CalledKms } from '../callLocalKms.ts';

/** Error of a call of CloudHSM's API that was refused or not answered. The message says what to do. */
export class CloudHsmCallFailure extends Error {
  override readonly name = 'CloudHsmCallFailure';
}

/** Client of the CloudHSM API of a local KMS. */
export class CloudHsmClient {
  readonly #kms: CalledKms;

  constructor(kms: CalledKms) {
    this.#kms = kms;
  }

  /** Resolves to the output. Rejects with CloudHsmCallFailure. */
  async call(operation: string, input: object): Promise<unknown> {
    const called = { signingName: 'cloudhsm', target: `BaldrApiService.${operation}`, input } as const;
    const { ok, output } = await callLocalKms(this.#kms, called).catch((error: unknown) => {
      throw error instanceof LocalKmsUnreachable ? new CloudHsmCallFailure(error.message, { cause: error }) : error;
    });
    if (ok && output) return output;
    const { __type: name = 'no answer of a local KMS', message = '' } = output ?? {};
    throw new CloudHsmCallFailure(
      `${operation} was refused by ${this.#kms.endpoint}: ${String(name)}: ${String(message)}`,
    );
  }
}
