import type { Request, RequestHandler } from 'express';
import type { Caller } from '../caller.ts';
import { KmsError } from '../kmsError.ts';
import type { LocalKms } from '../localKms.ts';
import type { Output } from '../operations/operation.ts';
import { accessKeyIdOf } from './accessKeyId.ts';
import { internalFailureOf, recordCall, type Call, type CallLog } from './callRecord.ts';
import { findOperation } from './findOperation.ts';
import { parseBody } from './parseBody.ts';
import { readBody } from './readBody.ts';
import { requestIdOf } from './requestId.ts';
import type { Service } from './service.ts';
import { sendError, sendOutput } from './send.ts';

export interface ApiDependencies {
  readonly kms: LocalKms;
  readonly services: readonly Service[];
  /** Whom an access key belongs to. IAM is not emulated: every access key id will do, and nobody checks its signature. */
  readonly callerOf: (accessKeyId: string) => Caller;
  readonly log: CallLog;
}

/** The whole path of a call of the API, in AWS JSON 1.1; each has one answer and one record in the log. */
export function answerCall(api: ApiDependencies): RequestHandler {
  return async (req, res) => {
    const call: Call = { requestId: requestIdOf(res), additionalEventData: {} };
    try {
      sendOutput(res, await run(api, call, req));
    } catch (failure) {
      call.failure = failure;
      sendError(
        res,
        failure instanceof KmsError ? failure : new KmsError(internalFailureOf(call), 'The local KMS failed.'),
      );
    }
    recordCall(api.log, call);
  };
}

async function run(api: ApiDependencies, call: Call, req: Request): Promise<Output> {
  const { kms, services, callerOf } = api;
  const body = await readBody(req);
  const { service, name, operation } = findOperation(services, req);
  call.service = service;
  call.eventName = name;
  const caller = callerOf(accessKeyIdOf(req, service, kms.identity));
  call.caller = caller;
  const input = parseBody(body);
  kms.state.keys.deleteDue(kms.clock());
  const note = (data: Readonly<Record<string, string>>) => Object.assign(call.additionalEventData, data);
  return operation(kms, input, { requestId: call.requestId, caller, note });
}
