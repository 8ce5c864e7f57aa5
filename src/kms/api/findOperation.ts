import type { Request } from 'express';
import { KmsError } from '../kmsError.ts';
import type { Operation } from '../operations/operation.ts';
import { KMS_OPERATION_NAMES } from './kmsOperationNames.ts';

const CONTENT_TYPE = /^application\/x-amz-json-1\.1\s*(;|$)/i;
const TARGET = /^TrentService\.([A-Za-z]{1,64})$/;

/**
 * The operation that X-Amz-Target names; one that KMS has and this one has not throws UnsupportedOperationException when it
 * is run. Throws UnknownOperationException.
 */
export function findOperation(
  operations: Readonly<Record<string, Operation>>,
  req: Request,
): { readonly name: string; readonly operation: Operation } {
  if (!CONTENT_TYPE.test(req.get('Content-Type') ?? '')) {
    throw unknown('The Content-Type of a request must be application/x-amz-json-1.1');
  }
  const name = TARGET.exec(req.get('X-Amz-Target') ?? '')?.[1] ?? '';
  const operation = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (operation) return { name, operation };
  if (KMS_OPERATION_NAMES.has(name)) return { name, operation: unsupported(name) };
  throw unknown('The X-Amz-Target of a request must be TrentService. and an operation of KMS');
}

function unsupported(name: string): Operation {
  return () =>
    Promise.reject(new KmsError('UnsupportedOperationException', `The local KMS does not have the operation ${name}`));
}

function unknown(message: string): KmsError {
  return new KmsError('UnknownOperationException', message);
}
