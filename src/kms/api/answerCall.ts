import type { Request, RequestHandler } from 'express';
import { redactError } from '../../redactError.ts';
import { RequestAccess } from '../access/requestAccess.ts';
import type { Caller } from '../caller.ts';
import type { Call } from '../events/call.ts';
import { apiCallEvent } from '../events/cloudTrailEvent.ts';
import type { EventTrail } from '../events/eventTrail.ts';
import { KmsError } from '../kmsError.ts';
import type { LocalKms } from '../localKms.ts';
import { deleteDueKeys } from '../operations/keys/deleteDueKeys.ts';
import type { Output } from '../operations/operation.ts';
import { accessKeyIdOf } from './accessKeyId.ts';
import { recordCall, type CallLog } from './callRecord.ts';
import { findOperation, type FoundOperation } from './findOperation.ts';
import { parseBody } from './parseBody.ts';
import { readBody } from './readBody.ts';
import { requestIdOf } from './requestId.ts';
import { errorAnswer, outputAnswer, send, type Answer } from './send.ts';
import type { Service } from './service.ts';

export interface ApiDependencies {
  readonly kms: LocalKms;
  readonly services: readonly Service[];
  /**
   * Returns the caller that an access key belongs to. IAM is not emulated: every access key id is accepted, and no signature is verified.
   */
  readonly callerOf: (accessKeyId: string) => Caller;
  readonly log: CallLog;
  readonly events: EventTrail;
}

/** Reads the operation and the caller from a request. Both methods throw KmsError. */
export interface CallReader {
  readonly find: (req: Request) => FoundOperation;
  readonly accessKeyIdOf: (req: Request, service: Service) => string;
}

/** Reads the calls of AWS's clients, which are signed with SigV4. */
export function signedCalls({ services, kms }: Pick<ApiDependencies, 'services' | 'kms'>): CallReader {
  return {
    find: (req) => findOperation(services, req),
    accessKeyIdOf: (req, service) => accessKeyIdOf(req, service, kms.identity),
  };
}

/** Handles a call of the API, in AWS JSON 1.1, from arrival to answer. Each call gets one answer, one log record and one event. */
export function answerCall(api: ApiDependencies, reader: CallReader): RequestHandler {
  return async (req, res) => {
    const call: Call = {
      requestId: requestIdOf(res),
      sourceIpAddress: (req.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
      userAgent: req.get('User-Agent') ?? '',
      additionalEventData: {},
      resources: [],
    };
    let answer: Answer;
    try {
      call.output = await run(api, reader, call, req);
      answer = outputAnswer(call.output);
    } catch (error) {
      call.failure = kmsErrorOf(error, call);
      answer = errorAnswer(call.failure);
    }
    // Recorded before the answer is sent, so that a client that has the answer finds them.
    recordCall(api.log, call);
    const event = apiCallEvent(api.kms, call);
    if (event) api.events.add(event);
    send(res, answer);
  };
}

async function run(api: ApiDependencies, reader: CallReader, call: Call, req: Request): Promise<Output> {
  const { kms, callerOf, events } = api;
  const body = await readBody(req);
  const { service, name, operation } = reader.find(req);
  call.service = service;
  call.eventName = name;
  const accessKeyId = reader.accessKeyIdOf(req, service);
  const caller = callerOf(accessKeyId);
  call.caller = { principal: caller, accessKeyId };
  const input = parseBody(body);
  deleteDueKeys(kms, events);
  return operation(kms, input, {
    requestId: call.requestId,
    caller,
    access: new RequestAccess(kms, {
      operation: name,
      caller,
      sourceIpAddress: call.sourceIpAddress,
      get input() {
        return call.input;
      },
    }),
    note: (data) => Object.assign(call.additionalEventData, data),
    noteResource: (arn) => call.resources.push(arn),
    noteInput: (checked) => {
      call.input = checked;
    },
  });
}

function kmsErrorOf(error: unknown, { service }: Call): KmsError {
  if (error instanceof KmsError) return error;
  const errorName = service?.internalFailure ?? 'KMSInternalException';
  return new KmsError(errorName, 'The local KMS failed.', { detail: redactError(error) });
}
