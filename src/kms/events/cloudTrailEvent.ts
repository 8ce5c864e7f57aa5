import { randomUUID } from 'node:crypto';
import { keyArn, type Identity } from '../arn.ts';
import type { KmsKey } from '../state/records.ts';
import type { Call } from './call.ts';
import { showMembers } from './showMembers.ts';
import { callerIdentity } from './userIdentity.ts';

/** An event in CloudTrail's form, ready for JSON. AWS CloudTrail User Guide, "CloudTrail record contents". */
export interface CloudTrailEvent {
  readonly eventVersion: string;
  readonly userIdentity: Readonly<Record<string, unknown>>;
  /** ISO 8601, to the second. */
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent: string;
  /** Name of the exception, if the call failed. */
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: Shown;
  readonly responseElements: Shown;
  readonly additionalEventData?: Readonly<Record<string, string>>;
  /** `x-amzn-RequestId` of the call. Service events have none. */
  readonly requestID?: string;
  readonly eventID: string;
  readonly readOnly: boolean;
  readonly resources?: readonly { readonly accountId: string; readonly type: string; readonly ARN: string }[];
  readonly eventType: 'AwsApiCall' | 'AwsServiceEvent';
  readonly managementEvent: true;
  readonly recipientAccountId: string;
  readonly eventCategory: 'Management';
  readonly vpcEndpointId?: string;
}

type Shown = Readonly<Record<string, unknown>> | null;

/** Parts of the local KMS that every event needs. */
export interface EventContext {
  readonly identity: Identity;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

// AWS CloudTrail User Guide, "CloudTrail record contents": longer values of errorMessage and userAgent are cut, and larger parameters are
// left out.
const MAX_TEXT_CHARACTERS = 1_024;
const MAX_PARAMETERS_BYTES = 100 * 1024;

const AWS_INTERNAL = 'AWS Internal';
// CloudTrail calls cryptographic operations read-only, because they do not change a key.
const READ_ONLY =
  /^(Describe|Get|List|Encrypt|Decrypt|ReEncrypt|Generate|Sign$|Verify|DeriveSharedSecret|Encapsulate|Decapsulate)/;

/**
 * Returns the event of an answered call, or undefined if the request names no operation or no caller. AWS KMS Developer Guide, "Logging AWS
 * KMS API calls with AWS CloudTrail".
 */
export function apiCallEvent(context: EventContext, call: Call): CloudTrailEvent | undefined {
  const { service, eventName, caller, failure, resources } = call;
  if (!service || eventName === undefined || !caller) return undefined;
  const { kmsViaService, awsSourceVpce } = caller.principal;
  const invokedBy = kmsViaService === undefined ? undefined : `${kmsViaService}.amazonaws.com`;
  const { request = {}, response = {} } = service.shownMembers[eventName] ?? {};
  const responseElements = response === 'key ARN' ? keyElement(resources) : showMembers(response, call.output);
  return eventOf(context, {
    eventSource: `${service.signingName}.amazonaws.com`,
    eventName,
    userIdentity: callerIdentity(caller, invokedBy),
    sourceIPAddress: invokedBy ?? call.sourceIpAddress,
    userAgent: invokedBy ?? cut(call.userAgent),
    ...(failure && { errorCode: failure.errorName, ...(failure.message && { errorMessage: cut(failure.message) }) }),
    requestParameters: bounded('requestParameters', showMembers(request, call.input)),
    responseElements: failure ? null : bounded('responseElements', responseElements),
    additionalEventData: call.additionalEventData,
    requestID: call.requestId,
    resources,
    eventType: 'AwsApiCall',
    ...(awsSourceVpce !== undefined && { vpcEndpointId: awsSourceVpce }),
  });
}

/** Returns the event for the end of a key's waiting period, which is not a call. Guide, "CloudTrail log entries", "DeleteKey". */
export function deleteKeyEvent(
  context: EventContext,
  { keyId }: Pick<KmsKey, 'keyId'>,
  additionalEventData: Readonly<Record<string, string>>,
): CloudTrailEvent {
  const resources = [keyArn(context.identity, keyId)];
  return eventOf(context, {
    eventSource: 'kms.amazonaws.com',
    eventName: 'DeleteKey',
    userIdentity: { accountId: context.identity.accountId, invokedBy: AWS_INTERNAL },
    sourceIPAddress: AWS_INTERNAL,
    userAgent: AWS_INTERNAL,
    requestParameters: null,
    responseElements: keyElement(resources),
    additionalEventData,
    resources,
    eventType: 'AwsServiceEvent',
  });
}

type Particulars = Pick<
  CloudTrailEvent,
  | 'eventSource'
  | 'eventName'
  | 'userIdentity'
  | 'sourceIPAddress'
  | 'userAgent'
  | 'errorCode'
  | 'errorMessage'
  | 'requestParameters'
  | 'responseElements'
  | 'requestID'
  | 'eventType'
  | 'vpcEndpointId'
> & { readonly additionalEventData: Readonly<Record<string, string>>; readonly resources: readonly string[] };

/** Builds an event with its fields in the order of the guide's examples. */
function eventOf({ identity, clock }: EventContext, particulars: Particulars): CloudTrailEvent {
  const { region: awsRegion, accountId } = identity;
  const { userIdentity, eventSource, eventName, additionalEventData, requestID, resources } = particulars;
  const {
    eventType,
    vpcEndpointId,
    sourceIPAddress,
    userAgent,
    errorCode,
    errorMessage,
    requestParameters,
    responseElements,
  } = particulars;
  return {
    eventVersion: '1.08',
    userIdentity,
    eventTime: new Date(clock()).toISOString().replace(/\.\d+/, ''),
    eventSource,
    eventName,
    awsRegion,
    sourceIPAddress,
    userAgent,
    ...(errorCode !== undefined && { errorCode }),
    ...(errorMessage !== undefined && { errorMessage }),
    requestParameters,
    responseElements,
    ...(Object.keys(additionalEventData).length > 0 && { additionalEventData }),
    ...(requestID !== undefined && { requestID }),
    eventID: randomUUID(),
    readOnly: READ_ONLY.test(eventName),
    // Aliases have the type of keys too.
    ...(resources.length > 0 && { resources: resources.map((ARN) => ({ accountId, type: 'AWS::KMS::Key', ARN })) }),
    eventType,
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
    ...(vpcEndpointId !== undefined && { vpcEndpointId }),
  };
}

function keyElement(arns: readonly string[]): Shown {
  const keyId = arns.find((arn) => arn.includes(':key/'));
  return keyId === undefined ? null : { keyId };
}

function bounded(name: string, shown: Shown): Shown {
  const originalSize = Buffer.byteLength(JSON.stringify(shown));
  return originalSize > MAX_PARAMETERS_BYTES ? { omitted: true, originalSize, reason: `${name} too large` } : shown;
}

function cut(text: string): string {
  return text.slice(0, MAX_TEXT_CHARACTERS);
}
