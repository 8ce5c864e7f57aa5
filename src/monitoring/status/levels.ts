import type { Level } from '../../pages/parts.ts';
import type { HealthStatus } from '../../xks/messages/getHealthStatus.ts';

export const LEVEL_OF_STATUS: Readonly<Record<HealthStatus, Level>> = {
  ACTIVE: 'pass',
  DEGRADED: 'warn',
  UNAVAILABLE: 'fail',
};
