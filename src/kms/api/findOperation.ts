import type { Request } from 'express';
import { KmsError } from '../kmsError.ts';
import type { Operation } from '../operations/operation.ts';
import type { Service } from './service.ts';

const CONTENT_TYPE = /^application\/x-amz-json-1\.1\s*(;|$)/i;
const TARGET = /^(?<targetPrefix>[A-Za-z]{1,64})\.(?<name>[A-Za-z]{1,64})$/;

export interface FoundOperation {
  readonly service: Service;
  readonly name: string;
  readonly operation: Operation;
}

/**
 * Returns the operation that X-Amz-Target names. If AWS has the operation but the local KMS does not, running it throws
 * UnsupportedOperationException. Throws UnknownOperationException if AWS has no such operation.
 */
export function findOperation(services: readonly Service[], req: Request): FoundOperation {
  if (!CONTENT_TYPE.test(req.get('Content-Type') ?? '')) {
    throw unknown('The Content-Type of a request must be application/x-amz-json-1.1');
  }
  const { targetPrefix, name = '' } = TARGET.exec(req.get('X-Amz-Target') ?? '')?.groups ?? {};
  const service = services.find((candidate) => candidate.targetPrefix === targetPrefix);
  const found = service && operationOf(service, name);
  if (found) return found;
  const targets = services.map((each) => `${each.targetPrefix}. and an operation of ${each.name}`);
  throw unknown(`The X-Amz-Target of a request must be ${targets.join(', or ')}`);
}

/** Returns the operation of a service by its name, or undefined if the service has no such operation. */
export function operationOf(service: Service, name: string): FoundOperation | undefined {
  const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
  if (operation) return { service, name, operation };
  return service.operationNames.has(name) ? { service, name, operation: unsupported(name) } : undefined;
}

function unsupported(name: string): Operation {
  return () =>
    Promise.reject(
      new KmsError('UnsupportedOperationException', `The local KMS does not support the operation ${name}`),
    );
}

function unknown(message: string): KmsError {
  return new KmsError('UnknownOperationException', message);
}
