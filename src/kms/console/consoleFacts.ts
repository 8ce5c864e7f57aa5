import type { EventTrail } from '../events/eventTrail.ts';
import type { LocalKms } from '../localKms.ts';
import type { ExchangeHistory } from '../monitoring/exchangeHistory.ts';

/** Data that the console shows. */
export interface ConsoleFacts {
  readonly kms: Pick<LocalKms, 'identity' | 'state' | 'clock' | 'evaluatePolicies'>;
  /** Whether the console has a caller to act as. */
  readonly canAct: boolean;
  readonly events: Pick<EventTrail, 'latest'>;
  readonly history: Pick<ExchangeHistory, 'bins' | 'lastHealth' | 'lastCertificate'>;
}
