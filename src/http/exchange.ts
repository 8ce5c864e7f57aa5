import type { Request } from 'express';
import type { ExternalKey, KeyVersion } from '../operations/externalKey.ts';
import type { DecisionRecord } from '../policy/decisionRecord.ts';
import type { RequestMetadata } from '../xks/messages/requestMetadata.ts';
import type { XksApi } from '../xks/path.ts';
import type { Answer } from './answer.ts';
import type { AuthenticationCheck } from '../sigv4/authenticationFailure.ts';
import type { KeyStore } from '../keyStores/keyStore.ts';

/** Facts about a client that are known before it sends a request. */
export interface Client {
  /** IP address of the client. Behind a load balancer with PROXY protocol, the address that the load balancer reports. */
  readonly remoteAddress: string | undefined;
  /** VPC endpoint through which the client came, as the load balancer reports it. */
  readonly vpcEndpointId?: string;
  /** The subject CN of the client certificate that mTLS has admitted. */
  readonly clientCommonName?: string;
}

/** Facts about a request that are known so far. Each step adds its findings, and the request's only record is made from them. */
export interface Exchange extends Client {
  /** performance.now() when the request arrived. */
  readonly startedAt: number;
  /** Called when the client has its answer, or is gone. */
  readonly onEnd: () => void;
  keyStore?: KeyStore;
  api?: XksApi;
  externalKeyId?: string | undefined;
  /** The bytes of the body, as received. */
  body?: Buffer;
  /** The access key id of the credential that signed the request. */
  accessKeyId?: string;
  /** The access key id that an unauthenticated request claims, if it has the form of one. */
  claimedAccessKeyId?: string | undefined;
  /** The authentication check that failed. */
  failedCheck?: AuthenticationCheck;
  requestMetadata?: RequestMetadata;
  key?: ExternalKey;
  /** The key version that serves the request. */
  keyVersion?: KeyVersion;
  /** Decision of the key store's policy, if it has one. */
  policy?: DecisionRecord;
  /** Name of the key manager that got the operation. */
  keyManager?: string;
  /** Milliseconds that the operation took. */
  hsmMs?: number;
  /** The CDIV of the response. */
  ciphertextDataIntegrityValue?: string | undefined;
  /** The answer that the last step made. */
  answer?: Answer;
  /** The error that was thrown, if any. */
  failure?: unknown;
  /** Whether its record has been made. */
  isConcluded?: boolean;
}

/**
 * An exchange whose body has a message of this type. `in out` prevents a route from combining steps with different types of
 * messages.
 */
export interface ParsedExchange<in out Message> extends Exchange {
  /** The parsed body without its requestMetadata. */
  message?: Message;
}

/** One named step of a request. It adds to the exchange, or throws. The last step makes the answer. */
export type Step<Of extends Exchange = Exchange> = (exchange: Of, req: Request) => void | Promise<void>;

/**
 * Returns a value that an earlier step has found. If steps are out of order, the request fails instead of continuing without the
 * value.
 */
export function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a step ran before one that it depends on');
  return value;
}
