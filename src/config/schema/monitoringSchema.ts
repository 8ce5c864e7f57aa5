import { z } from 'zod';
import { hostField } from './fields.ts';
import { isLoopback, isWildcard } from '../../hosts.ts';

/** `monitoring`: the second port, and the status page on it. */
export const monitoringSchema = z
  .strictObject({
    host: hostField.default('127.0.0.1').describe('0.0.0.0 for a load balancer or Prometheus on another machine'),
    port: z.int().min(0).max(65535).default(9464).describe('0: any free port'),
    status: z
      .boolean()
      .optional()
      .describe('Whether the status page, /status, is served; by default only if host is a loopback address'),
    statusHosts: z
      .array(
        hostField.refine((host) => !isWildcard(host), {
          error: 'must be a name or an address that browsers use, not that of all interfaces',
        }),
      )
      .default([])
      .describe('Hosts under which browsers may open the status page, beside localhost, loopback addresses and host'),
  })
  .refine(({ status, statusHosts }) => status !== false || statusHosts.length === 0, {
    path: ['statusHosts'],
    error: 'are set although status is false; remove one of them',
  })
  .transform(({ status, ...monitoring }) => ({ ...monitoring, status: status ?? isLoopback(monitoring.host) }))
  .refine(({ status, statusHosts }) => status || statusHosts.length === 0, {
    path: ['statusHosts'],
    error: 'needs status: true, because host is not a loopback address',
  });
