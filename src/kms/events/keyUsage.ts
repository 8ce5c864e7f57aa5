import type { CloudTrailEvent } from './cloudTrailEvent.ts';

/** The last successful cryptographic operation with a key. API reference, KeyLastUsageData. */
export interface KeyLastUsage {
  readonly operation: string;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly cloudTrailEventId: string;
  readonly kmsRequestId: string | undefined;
}

const OPERATIONS = new Set(['Decrypt', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyWithoutPlaintext', 'ReEncrypt']);

/** The last use of each key since this process started. */
export class KeyUsage {
  readonly #clock: () => number;
  /** By key ARN. */
  readonly #last = new Map<string, KeyLastUsage>();
  /** Milliseconds since the epoch. */
  readonly trackingStartDate: number;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.trackingStartDate = clock();
  }

  /** Records an event. Ignores events that are not the use of a key. */
  record({ eventName, eventID, requestID, errorCode, resources = [], eventSource }: CloudTrailEvent): void {
    if (eventSource !== 'kms.amazonaws.com') return;
    if (eventName === 'DeleteKey') for (const { ARN } of resources) this.#last.delete(ARN);
    if (!OPERATIONS.has(eventName) || errorCode !== undefined) return;
    const usage = {
      operation: eventName,
      timestamp: this.#clock(),
      cloudTrailEventId: eventID,
      kmsRequestId: requestID,
    };
    for (const { ARN } of resources) this.#last.set(ARN, usage);
  }

  lastOf(keyArn: string): KeyLastUsage | undefined {
    return this.#last.get(keyArn);
  }
}
