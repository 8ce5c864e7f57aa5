import type { Request } from 'express';
import type { ExternalKey, KeyVersion } from '../operations/externalKey.ts';
import type { DecisionRecord } from '../policy/decisionRecord.ts';
import type { RequestMetadata } from '../xks/messages/requestMetadata.ts';
import type { XksApi } from '../xks/path.ts';
import type { Answer } from './answer.ts';
import type { AuthenticationCheck } from '../sigv4/authenticationFailure.ts';
import type { KeyStore } from '../keyStores/keyStore.ts';

/** What is known of a client before it sends a request. */
export interface Client {
  /** Its IP address; behind a load balancer with PROXY protocol, the one that the load balancer saw. */
  readonly remoteAddress: string | undefined;
  /** Through which it came, by the load balancer's word. */
  readonly vpcEndpointId?: string;
  /** The subject CN of its certificate, which mTLS has admitted. */
  readonly clientCommonName?: string;
}

/** What is known of a request so far. Each step adds what it found; the request's one record is made of it. */
export interface Exchange extends Client {
  /** performance.now() when the request arrived. */
  readonly startedAt: number;
  /** Told when the client has its answer, or is gone. */
  readonly onEnd: () => void;
  keyStore?: KeyStore;
  api?: XksApi;
  externalKeyId?: string | undefined;
  /** The bytes of the body, as they were received. */
  body?: Buffer;
  /** The access key id of the credential that signed the request. */
  accessKeyId?: string;
  /** The access key id that an unauthenticated request claims, if it has the form of one. */
  claimedAccessKeyId?: string | undefined;
  /** Which check of the authentication failed. */
  failedCheck?: AuthenticationCheck;
  requestMetadata?: RequestMetadata;
  key?: ExternalKey;
  /** The version of the key that serves. */
  keyVersion?: KeyVersion;
  /** What the policy of the key store said, if it has one. */
  policy?: DecisionRecord;
  /** Name of the key manager that the operation was given to. */
  keyManager?: string;
  /** Milliseconds that the operation took. */
  hsmMs?: number;
  /** The CDIV of the response. */
  ciphertextDataIntegrityValue?: string | undefined;
  /** What the last step made. */
  answer?: Answer;
  /** What was thrown, if anything was. */
  failure?: unknown;
  /** Whether its record was made. */
  isConcluded?: boolean;
}

/** An exchange whose body has a message of this type. `in out`: steps with different types of messages do not meet in one route. */
export interface ParsedExchange<in out Message> extends Exchange {
  /** The parsed body without its requestMetadata. */
  message?: Message;
}

/** One named step of a request: adds to the exchange, or throws. The last one makes the answer. */
export type Step<Of extends Exchange = Exchange> = (exchange: Of, req: Request) => void | Promise<void>;

/** A value that an earlier step has found. Out of order, a request fails instead of going on without it. */
export function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step ran before one that it depends on');
  return value;
}
