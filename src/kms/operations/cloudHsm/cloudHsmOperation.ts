import type { z } from 'zod';
import { KmsError } from '../../kmsError.ts';
import type { LocalKms } from '../../localKms.ts';
import { operation, type KmsRequest, type Operation, type Output } from '../operation.ts';

/** Makes an operation of CloudHSM, whose exception for a broken constraint differs from KMS's. */
export function cloudHsmOperation<Shape extends z.ZodType>(
  shape: Shape,
  run: (kms: LocalKms, input: z.output<Shape>, request: KmsRequest) => Output | Promise<Output>,
): Operation {
  const inner = operation(shape, run);
  return async (kms, input, request) => {
    kms.clusters.deleteDueBackups();
    try {
      return await inner(kms, input, request);
    } catch (error) {
      if (!(error instanceof KmsError) || error.errorName !== 'ValidationException') throw error;
      throw invalidRequest(error.message);
    }
  };
}

export function invalidRequest(message: string): KmsError {
  return new KmsError('CloudHsmInvalidRequestException', message);
}
