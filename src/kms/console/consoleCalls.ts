import type { ApiDependencies, CallReader } from '../api/answerCall.ts';
import { operationOf } from '../api/findOperation.ts';
import { KmsError } from '../kmsError.ts';

/** Reads the calls of the console. The path names an operation of KMS, and the caller is the configured one. */
export function consoleCalls({ services }: Pick<ApiDependencies, 'services'>, accessKeyId: string): CallReader {
  return {
    find: ({ params }) => {
      const name = String(params['operation']);
      const kms = services.find(({ signingName }) => signingName === 'kms');
      const found = kms && operationOf(kms, name);
      if (!found) throw new KmsError('UnknownOperationException', 'KMS has no operation with that name');
      return found;
    },
    accessKeyIdOf: () => accessKeyId,
  };
}
