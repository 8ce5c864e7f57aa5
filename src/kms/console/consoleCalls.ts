import type { ApiDependencies, CallReader } from '../api/answerCall.ts';
import { operationOf } from '../api/findOperation.ts';
import { KmsError } from '../kmsError.ts';

/** Calls that the console makes, of KMS's operations by their names in the path, as one configured caller. */
export function consoleCalls({ services }: Pick<ApiDependencies, 'services'>, accessKeyId: string): CallReader {
  return {
    find: ({ params }) => {
      const name = String(params['operation']);
      const kms = services.find(({ signingName }) => signingName === 'kms');
      const found = kms && operationOf(kms, name);
      if (!found) throw new KmsError('UnknownOperationException', 'KMS has no operation of that name');
      return found;
    },
    accessKeyIdOf: () => accessKeyId,
  };
}
